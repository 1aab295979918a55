namespace Symbolicator.Engine.Contracts.Json;

/// <summary>What is wrong with a request.</summary>
public enum RequestFormatError : byte
{
    /// <summary>Not JSON.</summary>
    Syntax,

    /// <summary>JSON, but a member is missing or has a value that is not allowed.</summary>
    Schema,
}

/// <summary>A request that cannot be read. The message holds no value of the request.</summary>
public sealed class RequestFormatException(RequestFormatError error, string message) : Exception(message)
{
    public RequestFormatError Error { get; } = error;
}
