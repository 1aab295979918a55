using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache.Layout;

namespace Symbolicator.SymCache.Build;

/// <summary>A function with code of its own, before ids are given.</summary>
internal readonly record struct FunctionRecord(
    ulong Entry, ulong Size, StringRef Name, SourceLanguage Language, bool FromDebugInfo, int InlineeCount, int MaxDepth);

/// <summary>
/// Collects functions and gives them ids: those with code by (entry, name), then those that are only inlined by
/// (name, language), so that nothing depends on the order of the input.
/// </summary>
internal sealed class FunctionTable
{
    private readonly ChunkedList<FunctionRecord> _records = new();
    private readonly List<(StringRef Name, SourceLanguage Language)> _inlined = [];
    private readonly Dictionary<(StringRef, SourceLanguage), int> _inlinedIndex = [];
    private int[] _recordIds = [];
    private int[] _inlinedIds = [];
    private int[] _recordOrder = [];
    private int[] _inlinedOrder = [];

    public const int BytesPerRecord = 48;

    public int RecordCount => _records.Count;

    public int InlinedCount => _inlined.Count;

    /// <summary>Distinct functions with code of their own; known after <see cref="AssignIds"/>.</summary>
    public int EntryCount => _recordOrder.Length;

    public int Count => _recordOrder.Length + _inlinedOrder.Length;

    public int Add(in FunctionRecord record)
    {
        _records.Add(record);
        return _records.Count - 1;
    }

    /// <summary>Index of a function that is inlined somewhere.</summary>
    public int AddInlined(StringRef name, SourceLanguage language)
    {
        ref int index = ref CollectionsMarshal.GetValueRefOrAddDefault(_inlinedIndex, (name, language), out bool known);
        if (!known)
        {
            index = _inlined.Count;
            _inlined.Add((name, language));
        }

        return index;
    }

    public int IdOfRecord(int index) => _recordIds[index];

    public int IdOfInlined(int index) => _inlinedIds[index];

    public void UseNames(StringTable names, bool[] usedRecords)
    {
        for (int i = 0; i < _records.Count; i++)
        {
            if (usedRecords[i])
            {
                names.Use(_records[i].Name);
            }
        }

        foreach (var (name, _) in _inlined)
        {
            names.Use(name);
        }
    }

    /// <summary>Sorts and drops repetitions; the names must have their numbers.</summary>
    public void AssignIds(StringTable names, bool[] usedRecords)
    {
        int[] order = [.. Enumerable.Range(0, _records.Count).Where(index => usedRecords[index])];
        Array.Sort(order, (left, right) =>
        {
            ref readonly var a = ref _records[left];
            ref readonly var b = ref _records[right];
            int byEntry = a.Entry.CompareTo(b.Entry);
            int byName = byEntry != 0 ? byEntry : names.NumberOf(a.Name).CompareTo(names.NumberOf(b.Name));
            int byKind = byName != 0 ? byName : b.FromDebugInfo.CompareTo(a.FromDebugInfo);
            return byKind != 0 ? byKind : left.CompareTo(right);
        });

        _recordIds = new int[_records.Count];
        int count = 0;
        for (int i = 0; i < order.Length; i++)
        {
            bool repeated = count > 0 && _records[order[i]].Entry == _records[order[count - 1]].Entry
                && _records[order[i]].Name == _records[order[count - 1]].Name;
            if (!repeated)
            {
                order[count++] = order[i];
            }

            _recordIds[order[i]] = count - 1;
        }

        _recordOrder = order[..count];
        _inlinedOrder = [.. Enumerable.Range(0, _inlined.Count)];
        Array.Sort(_inlinedOrder, (left, right) =>
        {
            int byName = names.NumberOf(_inlined[left].Name).CompareTo(names.NumberOf(_inlined[right].Name));
            return byName != 0 ? byName : _inlined[left].Language.CompareTo(_inlined[right].Language);
        });
        _inlinedIds = new int[_inlined.Count];
        for (int i = 0; i < _inlinedOrder.Length; i++)
        {
            _inlinedIds[_inlinedOrder[i]] = count + i;
        }
    }

    /// <summary>Names, low halves of the entries, attributes.</summary>
    public void WriteFunctions(SectionWriter section, StringTable names)
    {
        foreach (int index in _recordOrder)
        {
            section.WriteU32((uint)names.NumberOf(_records[index].Name));
        }

        foreach (int index in _inlinedOrder)
        {
            section.WriteU32((uint)names.NumberOf(_inlined[index].Name));
        }

        foreach (int index in _recordOrder)
        {
            section.WriteU32((uint)(_records[index].Entry & uint.MaxValue));
        }

        foreach (int index in _recordOrder)
        {
            byte debug = _records[index].FromDebugInfo ? FunctionAttributes.FromDebugInfo : (byte)0;
            section.WriteU8((byte)((byte)_records[index].Language | debug));
        }

        foreach (int index in _inlinedOrder)
        {
            section.WriteU8((byte)_inlined[index].Language);
        }
    }

    public void WriteSummaries(SectionWriter section)
    {
        foreach (int index in _recordOrder)
        {
            var record = _records[index];
            section.WriteUleb(record.Size);
            section.WriteUleb((ulong)record.InlineeCount);
            section.WriteUleb((ulong)record.MaxDepth);
        }
    }

    /// <summary>Where the functions with code of their own start, in the order of their ids.</summary>
    public IEnumerable<ulong> Entries => _recordOrder.Select(index => _records[index].Entry);
}
