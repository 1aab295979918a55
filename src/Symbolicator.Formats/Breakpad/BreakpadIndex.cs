using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.FramePrograms;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Breakpad;

/// <summary>
/// What one pass over all lines finds: where functions, files and inline origins lie. FILE and INLINE_ORIGIN records
/// may stand anywhere, also after their first use, so that functions cannot be read without this.
/// </summary>
internal sealed class BreakpadIndex
{
    private readonly List<FunctionEntry> _functions = [];
    private readonly IdTable _files = new();
    private readonly IdTable _origins = new();
    private bool _sortedFunctions = true;

    private BreakpadIndex()
    {
    }

    public ObjectFeatures Features { get; private set; }

    /// <summary>Offset of the first PUBLIC record, the end of the file when there is none.</summary>
    public long FirstPublic { get; private set; }

    /// <summary>Offset of the first STACK record, the end of the file when there is none.</summary>
    public long FirstStack { get; private set; }

    /// <summary>Functions by ascending address, disjoint, not empty.</summary>
    public ReadOnlySpan<FunctionEntry> Functions => CollectionsMarshal.AsSpan(_functions);

    /// <summary>
    /// Every INLINE_ORIGIN has a file id before its name. Older producers write it so, and leave the file out of INLINE.
    /// </summary>
    public bool OriginsHaveFiles { get; private set; } = true;

    public static BreakpadIndex Build(FileBytes file, long body, ParseLimits limits, FaultLog faults)
    {
        var index = new BreakpadIndex { FirstPublic = file.Length, FirstStack = file.Length };
        index.Scan(file, body, limits, faults);
        index._files.Seal();
        index._origins.Seal();
        index.OriginsHaveFiles &= index._origins.Count > 0;
        index.ResolveFunctions(file, faults);
        return index;
    }

    /// <summary>Offset of the FILE record of an id, -1 when there is none; the first of several.</summary>
    public long FindFile(uint id) => _files.Find(id);

    /// <summary>Offset of the INLINE_ORIGIN record of an id, -1 when there is none; the first of several.</summary>
    public long FindOrigin(uint id) => _origins.Find(id);

    private void Scan(FileBytes file, long body, ParseLimits limits, FaultLog faults)
    {
        var lines = new BreakpadLines(file, body);
        bool inFunction = false;
        while (lines.TryReadNext(out var line, out long offset))
        {
            bool bad = false;
            switch (BreakpadRecord.Classify(line, out var fields))
            {
                case BreakpadRecordKind.Func:
                    inFunction = true;
                    Features |= ObjectFeatures.DebugInfo;
                    bad = !AddFunction(fields, offset, limits);
                    break;
                case BreakpadRecordKind.Public:
                    inFunction = false;
                    FirstPublic = Math.Min(FirstPublic, offset);
                    Features |= ObjectFeatures.Symbols;
                    break;
                case BreakpadRecordKind.Stack:
                    inFunction = false;
                    FirstStack = Math.Min(FirstStack, offset);
                    Features |= ObjectFeatures.UnwindInfo;
                    break;
                case BreakpadRecordKind.File:
                    bad = !AddId(_files, fields, offset, limits.LineFiles, out _);
                    break;
                case BreakpadRecordKind.InlineOrigin:
                    bad = !AddId(_origins, fields, offset, limits.Symbols, out var rest);
                    OriginsHaveFiles &= bad || StartsWithFileId(rest);
                    break;
                case BreakpadRecordKind.Info:
                    break;
                default:
                    // Below a function these are its lines and inlined calls, which the session reads.
                    bad = !inFunction && !line.IsEmpty;
                    break;
            }

            if (bad)
            {
                faults.Add(new ParseFault(MalformedReason.BadValue, offset), "record");
            }
        }
    }

    private bool AddFunction(ReadOnlySpan<byte> fields, long offset, ParseLimits limits)
    {
        if (_functions.Count == limits.Symbols || !FuncRecord.TryParse(fields, out var record))
        {
            return false;
        }

        _sortedFunctions &= _functions.Count == 0 || _functions[^1].Address <= record.Address;
        _functions.Add(new FunctionEntry(record.Address, BreakpadRecord.EndOf(record.Address, record.Size), offset));
        return true;
    }

    private static bool AddId(IdTable table, ReadOnlySpan<byte> fields, long offset, int limit, out ReadOnlySpan<byte> rest)
    {
        var tokens = new FieldReader(fields);
        bool ok = tokens.TryDecimal(out uint? id) && id is not null && table.Count < limit;
        if (ok)
        {
            table.Add(id.GetValueOrDefault(), offset);
        }

        rest = tokens.Rest;
        return ok;
    }

    private static bool StartsWithFileId(ReadOnlySpan<byte> rest)
    {
        var tokens = new FieldReader(rest);
        return tokens.TryDecimal(out _) && !tokens.AtEnd;
    }

    /// <summary>
    /// A function of size 0 reaches to the next function or symbol. Of overlapping functions the first is kept:
    /// the other one is a duplicate or its size is wrong.
    /// </summary>
    private void ResolveFunctions(FileBytes file, FaultLog faults)
    {
        if (!_sortedFunctions)
        {
            _functions.Sort();
        }

        ulong[] publics = _functions.Exists(function => function.End == function.Address) ? PublicAddresses(file) : [];
        var functions = CollectionsMarshal.AsSpan(_functions);
        int kept = 0;
        for (int i = 0; i < functions.Length; i++)
        {
            var function = functions[i];
            if (kept > 0 && function.Address < functions[kept - 1].End)
            {
                faults.Add(new ParseFault(MalformedReason.BadValue, function.Offset), "overlapping FUNC record");
                continue;
            }

            // At the last address nothing can follow, and no range has that address in it.
            if (function.End == function.Address && function.Address != ulong.MaxValue)
            {
                ulong next = NextAbove(function.Address, functions[(i + 1)..], publics);
                function = function with { End = next, IsOpen = next == ulong.MaxValue };
            }

            if (function.End == function.Address)
            {
                faults.Add(new ParseFault(MalformedReason.OutOfRange, function.Offset), "FUNC record");
                continue;
            }

            functions[kept++] = function;
        }

        CollectionsMarshal.SetCount(_functions, kept);
    }

    private static ulong NextAbove(ulong address, ReadOnlySpan<FunctionEntry> later, ReadOnlySpan<ulong> publics)
    {
        ulong next = ulong.MaxValue;
        foreach (var function in later)
        {
            if (function.Address > address)
            {
                next = function.Address;
                break;
            }
        }

        int found = publics.BinarySearch(address);
        int above = found < 0 ? ~found : found + 1;
        return above < publics.Length ? Math.Min(next, publics[above]) : next;
    }

    private ulong[] PublicAddresses(FileBytes file)
    {
        var addresses = new List<ulong>();
        var lines = new BreakpadLines(file, FirstPublic);
        while (lines.TryReadNext(out var line, out _))
        {
            if (BreakpadRecord.Classify(line, out var fields) == BreakpadRecordKind.Public && PublicRecord.TryParse(fields, out var record))
            {
                addresses.Add(record.Address);
            }
        }

        addresses.Sort();
        return [.. addresses.Distinct()];
    }

    /// <summary>A FUNC record. Open when its end is not known at all.</summary>
    internal readonly record struct FunctionEntry(ulong Address, ulong End, long Offset, bool IsOpen = false) : IComparable<FunctionEntry>
    {
        public int CompareTo(FunctionEntry other)
        {
            int order = Address.CompareTo(other.Address);
            order = order != 0 ? order : End.CompareTo(other.End);
            return order != 0 ? order : Offset.CompareTo(other.Offset);
        }
    }

    /// <summary>Sparse ids to offsets in the file.</summary>
    private sealed class IdTable
    {
        private readonly List<(uint Id, long Offset)> _entries = [];
        private bool _sorted = true;

        public int Count => _entries.Count;

        public void Add(uint id, long offset)
        {
            _sorted &= _entries.Count == 0 || _entries[^1].Id <= id;
            _entries.Add((id, offset));
        }

        public void Seal()
        {
            if (!_sorted)
            {
                _entries.Sort();
            }
        }

        public long Find(uint id)
        {
            var entries = CollectionsMarshal.AsSpan(_entries);
            int low = 0;
            int high = entries.Length;
            while (low < high)
            {
                int middle = (low + high) >>> 1;
                if (entries[middle].Id < id)
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }

            return low < entries.Length && entries[low].Id == id ? entries[low].Offset : -1;
        }
    }
}
