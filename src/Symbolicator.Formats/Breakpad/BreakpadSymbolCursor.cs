using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Breakpad;

/// <summary>Streams the PUBLIC records. They have no sizes: each reaches to whatever comes next, the last one without end.</summary>
internal sealed class BreakpadSymbolCursor(FileBytes file, long position, ParseLimits limits, InternPool names, FaultLog faults)
    : ISymbolCursor
{
    private long _position = position;
    private int _count;

    public bool TryReadNext(out PublicSymbol symbol)
    {
        var lines = new BreakpadLines(file, _position);
        while (lines.TryReadNext(out var line, out long offset))
        {
            if (BreakpadRecord.Classify(line, out var fields) != BreakpadRecordKind.Public)
            {
                continue;
            }

            if (!PublicRecord.TryParse(fields, out var record))
            {
                faults.Add(new ParseFault(MalformedReason.BadValue, offset), "PUBLIC record");
                continue;
            }

            _position = lines.Position;
            if (_count == limits.Symbols)
            {
                faults.Add(new ParseFault(MalformedReason.CountOverLimit, offset), "PUBLIC records");
                break;
            }

            _count++;
            symbol = new PublicSymbol(record.Address, 0, names.Intern(record.Name));
            return true;
        }

        _position = file.Length;
        symbol = default;
        return false;
    }
}
