using Symbolicator.Cli.Output;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Cli;

/// <summary>Says in one line what is wrong with a file and what to do about it.</summary>
internal static class FileProblem
{
    public static string Describe(string? path, MalformedFileException problem)
    {
        string what = problem.Format == FileFormat.Unknown ? "not a debug file" : $"unusable {WireNames.Of(problem.Format)} file";
        string detail = problem.Detail is null ? "" : $" ({problem.Detail})";
        string where = path is null ? "" : $"{path}: ";
        return $"{where}{what}: {problem.Fault}{detail}; {Advice(problem)}";
    }

    private static string Advice(MalformedFileException problem) => problem.Fault.Reason switch
    {
        MalformedReason.Unsupported when problem.Format == FileFormat.Minidump => "use the command minidump",
        MalformedReason.BadMagic => "check that this is an object, debug or symbol file and not an archive or a text about it",
        MalformedReason.Unsupported or MalformedReason.BadVersion or MalformedReason.UnknownForm =>
            "this version does not read it",
        MalformedReason.Truncated or MalformedReason.OutOfRange or MalformedReason.BadChecksum or MalformedReason.BadCompression =>
            "the file is incomplete or damaged: fetch or build it again",
        MalformedReason.CountOverLimit or MalformedReason.DepthOverLimit or MalformedReason.SizeOverLimit
            or MalformedReason.StepsOverLimit => "the file exceeds what is read for safety",
        _ => "the file is damaged: fetch or build it again",
    };
}
