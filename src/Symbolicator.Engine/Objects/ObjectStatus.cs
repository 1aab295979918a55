namespace Symbolicator.Engine.Objects;

/// <summary>What became of a debug file or of something derived from it. Stable: negative cache entries store it.</summary>
public enum ObjectStatus : byte
{
    Found,
    NotFound,
    Denied,
    TimedOut,
    Failed,
    Malformed,

    /// <summary>Over a size limit; not retried, reported as malformed on the wire.</summary>
    TooLarge,

    /// <summary>Well-formed but of a kind that cannot be used.</summary>
    Unsupported,

    /// <summary>A valid file with another identity than asked for.</summary>
    WrongFile,

    /// <summary>A bug of ours.</summary>
    Internal,
}
