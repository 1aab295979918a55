using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Trail;

/// <summary>
/// One step of finding and using a debug file. A closed family of typed records, not log text: candidates,
/// explanations, metrics and logs are views of it. Holds no secret and no file content.
/// </summary>
public abstract record LookupStep
{
    private LookupStep()
    {
    }

    /// <summary>The address of a frame, as it came, was matched to the module.</summary>
    public sealed record Matched(ulong Address) : LookupStep;

    /// <summary>The executable was looked at first, and told what debug file belongs to it.</summary>
    public sealed record Completed(string Source, string Location, DebugId? DebugId, string? DebugFile) : LookupStep;

    /// <summary>A source was asked for a location; without one its filters, layout or ids gave none.</summary>
    public sealed record Asked(string Source, string? Location) : LookupStep;

    /// <summary>A cache or the source answered.</summary>
    /// <param name="From">Which layer answered.</param>
    /// <param name="Status">What it said.</param>
    /// <param name="HttpStatus">Status code, where there is one.</param>
    /// <param name="Detail">For people.</param>
    public sealed record Answered(AnswerOrigin From, ObjectStatus Status, int? HttpStatus, string? Detail) : LookupStep;

    /// <summary>The source was really asked, successfully or not.</summary>
    /// <param name="Bytes">Received by the last attempt.</param>
    /// <param name="Elapsed">Of all attempts and the waits between them.</param>
    /// <param name="Attempts">One and the repetitions.</param>
    public sealed record Fetched(long Bytes, TimeSpan Elapsed, int Attempts) : LookupStep;

    /// <summary>A compressed file was unpacked, or could not be.</summary>
    public sealed record Unpacked(string Compression, long BytesIn, long BytesOut, string? Error) : LookupStep;

    /// <summary>Headers were read.</summary>
    public sealed record Identified(ObjectIdentity File, ObjectFeatures Features, bool Matches) : LookupStep;

    /// <summary>
    /// A file was chosen whose UUID is right and whose age is not: it was written again after the link, and what it says of
    /// addresses may be of a later one.
    /// </summary>
    public sealed record AgeDiffered(uint Wanted, uint Actual) : LookupStep;

    /// <summary>A reader gave up on the file or on parts of it.</summary>
    /// <param name="Format">Of the file.</param>
    /// <param name="Fault">The first fault.</param>
    /// <param name="What">The kind of record or section that it is in.</param>
    /// <param name="FaultCount">All faults.</param>
    public sealed record Parsed(FileFormat Format, ParseFault Fault, string What, long FaultCount) : LookupStep;

    /// <summary>A symcache or unwind table was made.</summary>
    public sealed record Converted(string Artifact, long BytesIn, long BytesOut, TimeSpan Elapsed) : LookupStep;

    /// <summary>The file was chosen for a purpose; the status says whether it could be used.</summary>
    public sealed record Used(ObjectPurpose Purpose, ObjectStatus Status, string? Detail) : LookupStep;

    /// <summary>An address was looked up in a module's symbols.</summary>
    public sealed record LookedUp(ulong Rva, bool Hit) : LookupStep;
}

/// <summary>Which layer gave an answer.</summary>
public enum AnswerOrigin : byte
{
    Memory,
    Disk,
    Source,
}
