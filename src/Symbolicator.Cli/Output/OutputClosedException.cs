namespace Symbolicator.Cli.Output;

/// <summary>The reader of the output has gone (a closed pipe).</summary>
internal sealed class OutputClosedException(IOException cause) : Exception(cause.Message, cause);
