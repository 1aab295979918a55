using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.FramePrograms;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Breakpad;

/// <summary>Streams the FUNC records with their lines and inlined calls, ascending by address.</summary>
internal sealed class BreakpadDebugSession(
    FileBytes file, BreakpadIndex index, ParseLimits limits, InternPool names, FaultLog faults) : IDebugSession
{
    private readonly Dictionary<uint, FileRef> _files = [];
    private readonly Dictionary<uint, StringRef> _origins = [];
    private readonly List<LineRecord> _lines = [];
    private readonly BreakpadInlineTree _inlines = new(limits);
    private int _next;

    public bool TryReadNext(FunctionBuffer into)
    {
        while (_next < index.Functions.Length)
        {
            var entry = index.Functions[_next++];
            into.Clear();
            if (TryRead(entry, into))
            {
                return true;
            }
        }

        return false;
    }

    public void Dispose()
    {
        // The object holds the lease.
    }

    private bool TryRead(in BreakpadIndex.FunctionEntry entry, FunctionBuffer into)
    {
        var lines = new BreakpadLines(file, entry.Offset);
        if (!lines.TryReadNext(out var head, out _) || BreakpadRecord.Classify(head, out var fields) != BreakpadRecordKind.Func
            || !FuncRecord.TryParse(fields, out var function))
        {
            return false; // cannot happen: the index has read the same bytes
        }

        into.Name = names.Intern(function.Name);
        ReadBody(ref lines);
        ulong end = entry.IsOpen ? EndOfBody(entry.Address) : entry.End;
        into.Ranges.Add(new AddressRange(entry.Address, end));
        EmitLines(entry.Address, end, into);
        _inlines.Emit(entry.Address, end, into);
        return true;
    }

    private void ReadBody(ref BreakpadLines lines)
    {
        _lines.Clear();
        _inlines.Clear();
        while (lines.TryReadNext(out var line, out long offset))
        {
            bool ok = true;
            switch (BreakpadRecord.Classify(line, out var fields))
            {
                case BreakpadRecordKind.Func or BreakpadRecordKind.Public or BreakpadRecordKind.Stack:
                    return;
                case BreakpadRecordKind.Inline:
                    ok = InlineRecord.TryParse(fields, !index.OriginsHaveFiles, out var inline)
                        && _inlines.TryAdd(inline, OriginOf(inline.Origin), inline.CallFile is { } id ? FileOf(id) : default);
                    break;
                case BreakpadRecordKind.Other when !line.IsEmpty:
                    ok = LineRecord.TryParse(line, out var record) && _lines.Count < limits.LineRows;
                    if (ok && record.Size > 0)
                    {
                        _lines.Add(record);
                    }

                    break;
                default:
                    break;
            }

            if (!ok)
            {
                faults.Add(new ParseFault(MalformedReason.BadValue, offset), "line or INLINE record");
            }
        }
    }

    /// <summary>Rows of the records, clipped to the function; of overlapping records the first by address holds.</summary>
    private void EmitLines(ulong start, ulong end, FunctionBuffer into)
    {
        var records = CollectionsMarshal.AsSpan(_lines);
        if (!IsSorted(records))
        {
            _lines.Sort((a, b) => a.Address.CompareTo(b.Address));
        }

        ulong covered = start;
        foreach (ref readonly var record in records)
        {
            ulong from = Math.Max(record.Address, covered);
            ulong to = Math.Min(BreakpadRecord.EndOf(record.Address, record.Size), end);
            if (from >= to)
            {
                continue;
            }

            if (from > covered)
            {
                into.Lines.Add(new LineRow(covered, default, 0));
            }

            into.Lines.Add(new LineRow(from, record.File is { } id ? FileOf(id) : default, record.Line));
            covered = to;
        }

        if (covered < end && records.Length > 0)
        {
            into.Lines.Add(new LineRow(covered, default, 0));
        }
    }

    private static bool IsSorted(ReadOnlySpan<LineRecord> records)
    {
        for (int i = 1; i < records.Length; i++)
        {
            if (records[i].Address < records[i - 1].Address)
            {
                return false;
            }
        }

        return true;
    }

    private ulong EndOfBody(ulong start)
    {
        ulong end = BreakpadRecord.EndOf(start, 1);
        foreach (var record in _lines)
        {
            end = Math.Max(end, BreakpadRecord.EndOf(record.Address, record.Size));
        }

        return end;
    }

    private FileRef FileOf(uint id)
    {
        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_files, id, out bool exists);
        if (!exists && TryReadField(index.FindFile(id), out var path))
        {
            int split = DirectoryLength(path);
            known = split == 0
                ? names.InternFile(new FilePath(default, default, names.Intern(path)))
                : names.InternFile(new FilePath(default, names.Intern(path[..split]), names.Intern(path[(split + 1)..])));
        }

        return known;
    }

    /// <summary>
    /// Where the directory ends, so that it is stored once for all of its files; 0 when joining the parts again would
    /// not give the same text (roots, mixed separators).
    /// </summary>
    private static int DirectoryLength(ReadOnlySpan<byte> path)
    {
        bool windows = path.Contains((byte)'\\') || (path.Length > 1 && path[1] == ':');
        int split = path.LastIndexOfAny((byte)'/', (byte)'\\');
        bool whole = split <= (windows ? 2 : 0) || split == path.Length - 1 || path[split - 1] == path[split]
            || (windows && (path[split] == '/' || path[..split].Contains((byte)'/')));
        return whole ? 0 : split;
    }

    private StringRef OriginOf(uint? id)
    {
        if (id is null)
        {
            return default;
        }

        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_origins, id.Value, out bool exists);
        if (!exists && TryReadField(index.FindOrigin(id.Value), out var name))
        {
            var tokens = new FieldReader(name);
            known = names.Intern(index.OriginsHaveFiles && tokens.TryDecimal(out _) ? tokens.Rest : name);
        }

        return known;
    }

    /// <summary>What follows the id of a FILE or INLINE_ORIGIN record.</summary>
    private bool TryReadField(long offset, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (offset < 0 || !new BreakpadLines(file, offset).TryReadNext(out var line, out _))
        {
            return false;
        }

        BreakpadRecord.Classify(line, out var fields);
        var tokens = new FieldReader(fields);
        bool ok = tokens.TryNext(out _);
        text = tokens.Rest;
        return ok;
    }
}
