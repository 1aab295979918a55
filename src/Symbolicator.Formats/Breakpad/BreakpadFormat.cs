using Symbolicator.Formats.Core;
using Symbolicator.Formats.FramePrograms;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Breakpad;

/// <summary>Breakpad symbol files: text, one object each, told by the word <c>MODULE</c> at the start.</summary>
public sealed class BreakpadFormat : IObjectFormat
{
    // The first line is short in every real file; without a limit any text that starts with the word would be scanned.
    private const int HeaderBytes = 320;

    // INFO lines follow the header; there are two or three.
    private const int InfoLines = 32;

    private BreakpadFormat()
    {
    }

    public static FileFormat Id => FileFormat.Breakpad;

    public static bool Matches(ReadOnlySpan<byte> prefix) => prefix.StartsWith("MODULE "u8);

    public static IReadOnlyList<IObjectFile> Open(FileBytes file, ParseLimits limits)
    {
        file.TrySlice(new ByteRange(0, Math.Min(HeaderBytes, file.Length)), out var header);
        int end = header.IndexOf((byte)'\n');
        if (end < 0 && file.Length > HeaderBytes)
        {
            throw new MalformedFileException(Id, new ParseFault(MalformedReason.SizeOverLimit, HeaderBytes), "the MODULE line does not end");
        }

        var line = (end < 0 ? header : header[..end]).TrimEnd((byte)'\r');
        if (BreakpadRecord.Classify(line, out var fields) != BreakpadRecordKind.Module || !ModuleRecord.TryParse(fields, out var module))
        {
            throw new MalformedFileException(Id, new ParseFault(MalformedReason.BadValue, 0), "the MODULE line is not 'MODULE os arch id name'");
        }

        long body = end < 0 ? file.Length : end + 1;
        return [new BreakpadObject(file.Retain(), limits, module, ReadCodeId(file, body), body)];
    }

    private static CodeId? ReadCodeId(FileBytes file, long position)
    {
        var lines = new BreakpadLines(file, position);
        for (int i = 0; i < InfoLines && lines.TryReadNext(out var line, out _); i++)
        {
            if (BreakpadRecord.Classify(line, out var fields) != BreakpadRecordKind.Info)
            {
                return null;
            }

            var tokens = new FieldReader(fields);
            if (tokens.TrySkip("CODE_ID"u8) && tokens.TryNext(out var id) && id.Length <= HeaderBytes)
            {
                return CodeId.Parse(System.Text.Encoding.ASCII.GetString(id));
            }
        }

        return null;
    }
}
