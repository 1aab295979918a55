namespace Symbolicator.Cli;

/// <summary>A command cannot answer; the message is one line for people.</summary>
internal sealed class CommandException(string message) : Exception(message);
