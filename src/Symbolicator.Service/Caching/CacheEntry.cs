using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Core;

namespace Symbolicator.Service.Caching;

/// <summary>A share of a cached file or of a remembered failure. The bytes are valid until it is disposed.</summary>
internal sealed class CacheEntry(CacheAnswer answer, FileBytes? bytes) : IShared<CacheEntry>
{
    private FileBytes? _bytes = bytes;

    public CacheAnswer Answer { get; } = answer;

    /// <summary>Not null when the status is found.</summary>
    public FileBytes? Bytes => _bytes;

    public CacheEntry Share() => new(Answer, _bytes?.Retain());

    public void Dispose() => Interlocked.Exchange(ref _bytes, null)?.Dispose();
}

/// <summary>What a cache says of a key.</summary>
/// <param name="Status">Found, or why not.</param>
/// <param name="Detail">For people; holds no secret.</param>
/// <param name="HttpStatus">Of the source's last answer.</param>
/// <param name="Facts">What the builder remembered; JSON.</param>
/// <param name="From">Which layer answered.</param>
/// <param name="Created">When it was found out.</param>
internal sealed record CacheAnswer(
    ObjectStatus Status, string? Detail, int? HttpStatus, string? Facts, AnswerOrigin From, DateTimeOffset Created);

/// <summary>How a build ended.</summary>
/// <param name="Status">Found, or why not.</param>
/// <param name="Detail">For people; holds no secret.</param>
/// <param name="HttpStatus">Of the source's last answer.</param>
/// <param name="Facts">To be remembered; JSON.</param>
/// <param name="Content">What is to be cached, when it is not the output that the builder was given.</param>
internal readonly record struct BuildOutcome(
    ObjectStatus Status, string? Detail = null, int? HttpStatus = null, string? Facts = null, CacheOutput? Content = null);
