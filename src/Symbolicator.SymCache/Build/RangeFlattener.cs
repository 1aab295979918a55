using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.SymCache.Build;

/// <summary>
/// Turns one function into rows (address, inline chain, file, line). The ranges of all inlined calls cut the function
/// into cells; sites then paint their cells in pre-order, each only where its parent is on top. So a call is clipped
/// to its parent, of overlapping siblings the first wins, and nothing recurses. Buffers are reused: memory is that of the
/// largest function.
/// </summary>
internal sealed class RangeFlattener(ParseLimits limits, FunctionTable functions)
{
    private const int Root = -1;
    private const int Outside = -2;
    private const int Dropped = -2;

    /// <summary>Bytes of rows and contexts of one run; real functions stay a thousand times below.</summary>
    private const int MaxRunBytes = 512 << 20;

    /// <summary>Clearing a set costs as much as the largest function so far: it starts anew after a larger one.</summary>
    private const int SmallFunction = 1024;

    private readonly List<AddressRange> _ranges = [];
    private readonly List<LineRow> _lines = [];
    private readonly List<ulong> _cells = [];
    private readonly List<int> _stack = [];
    private readonly ByteSink _nodes = new();
    private readonly ByteSink _rows = new();
    private int[] _owner = [];
    private int[] _parent = [];
    private int[] _depth = [];
    private int[] _contextOf = [];
    private int[] _contextRun = [];
    private int _run;
    private RangeSummary[] _summaries = [];
    private Dictionary<(int Function, int Parent, int File, uint Line), int> _contexts = [];
    private HashSet<(int Call, int Range)> _counted = [];
    private int _nodeCount;
    private FunctionBuffer _function = new();

    /// <summary>Ranges of the loaded function: not empty, ascending, disjoint.</summary>
    public IReadOnlyList<AddressRange> Ranges => _ranges;

    /// <summary>Sites or rows of the loaded function were left out because the work was out of proportion.</summary>
    public bool StepsExceeded { get; private set; }

    /// <summary>Rows of the last emitted run.</summary>
    public int RowCount { get; private set; }

    /// <summary>The last emitted run has a line.</summary>
    public bool HasLines { get; private set; }

    /// <summary>Inlined instances in a range and their deepest nesting.</summary>
    public (int Count, int Depth) Summary(int range) => (_summaries[range].Count, _summaries[range].Depth);

    /// <summary>Bytes of the reused buffers.</summary>
    public long BufferBytes => (_cells.Capacity * 12L) + (_parent.Length * 16L) + (_lines.Capacity * 16L) + (_ranges.Capacity * 32L);

    public void Load(FunctionBuffer function)
    {
        _function = function;
        StepsExceeded = false;
        LoadRanges(function.Ranges);
        LoadLines(function.Lines);
        LoadParents();
        BuildCells();
        Paint();
    }

    /// <summary>
    /// Encodes the contexts and rows of a part of one range; the line that holds at the part's start may begin before it.
    /// </summary>
    public void Emit(AddressRange part, int range, ByteSink payload)
    {
        _run++;
        _nodes.Clear();
        _rows.Clear();
        _nodeCount = 1; // the function itself
        RowCount = 0;
        HasLines = false;
        var cells = CollectionsMarshal.AsSpan(_cells);
        int cell = LastAtOrBefore(cells, part.Start);
        int line = FirstLineAt(part.Start);
        var current = line > FirstLineAt(_ranges[range].Start) ? _lines[line - 1] : default;
        var last = (Context: 0, File: 0, Line: 0u, Address: part.Start);
        for (ulong at = part.Start; at < part.End;)
        {
            if (_rows.Length > MaxRunBytes || _nodes.Length > MaxRunBytes)
            {
                StepsExceeded = true;
                break;
            }

            for (; line < _lines.Count && _lines[line].Address <= at; line++)
            {
                current = _lines[line];
            }

            int context = ContextOf(_owner[cell]);
            if (RowCount == 0 || context != last.Context || current.File.Id != last.File || current.Line != last.Line)
            {
                _rows.WriteUleb(at - last.Address);
                _rows.WriteUleb((ulong)context);
                _rows.WriteUleb((ulong)current.File.Id);
                _rows.WriteUleb(current.Line);
                last = (context, current.File.Id, current.Line, at);
                RowCount++;
                HasLines |= current.Line != 0;
            }

            ulong cellEnd = cells[cell + 1];
            ulong next = Math.Min(part.End, cellEnd);
            if (line < _lines.Count)
            {
                next = Math.Min(next, _lines[line].Address);
            }

            cell += next == cellEnd ? 1 : 0;
            at = next;
        }

        payload.Clear();
        payload.WriteUleb((ulong)_nodeCount);
        payload.Write(_nodes.Written);
        payload.Write(_rows.Written);
        ForgetContexts();
    }

    private void LoadRanges(List<AddressRange> source)
    {
        _ranges.Clear();
        foreach (var range in source)
        {
            if (!range.IsEmpty)
            {
                _ranges.Add(range);
            }
        }

        _ranges.Sort((left, right) => left.Start != right.Start ? left.Start.CompareTo(right.Start) : left.End.CompareTo(right.End));
        int count = 0;
        ulong end = 0;
        foreach (var range in CollectionsMarshal.AsSpan(_ranges))
        {
            var clipped = new AddressRange(Math.Max(range.Start, end), range.End);
            if (!clipped.IsEmpty)
            {
                _ranges[count++] = clipped;
                end = clipped.End;
            }
        }

        _ranges.RemoveRange(count, _ranges.Count - count);
        if (_summaries.Length < count)
        {
            _summaries = new RangeSummary[Math.Max(count, _summaries.Length * 2)];
        }

        _summaries.AsSpan(0, count).Clear();
    }

    private void LoadLines(List<LineRow> source)
    {
        _lines.Clear();
        _lines.AddRange(source);
        for (int i = 1; i < source.Count; i++)
        {
            if (source[i].Address < source[i - 1].Address)
            {
                _lines.Clear();
                _lines.AddRange(source.OrderBy(row => row.Address)); // stable: at equal addresses the last one holds
                return;
            }
        }
    }

    private void LoadParents()
    {
        int count = _function.Inlines.Count;
        if (_parent.Length < count)
        {
            int size = Math.Max(count, _parent.Length * 2);
            _parent = new int[size];
            _depth = new int[size];
            _contextOf = new int[size];
            _contextRun = new int[size];
        }

        _stack.Clear();
        for (int i = 0; i < count; i++)
        {
            int depth = _function.Inlines[i].Depth;
            while (_stack.Count > 0 && _function.Inlines[_stack[^1]].Depth >= depth)
            {
                _stack.RemoveAt(_stack.Count - 1);
            }

            int parent = _stack.Count == 0 ? Root : _stack[^1];
            _parent[i] = _stack.Count > limits.InlineDepth ? Dropped : parent;
            _depth[i] = _stack.Count;
            _stack.Add(i);
        }
    }

    private void BuildCells()
    {
        _cells.Clear();
        foreach (var range in _ranges)
        {
            _cells.Add(range.Start);
            _cells.Add(range.End);
        }

        ulong start = _ranges.Count == 0 ? 0 : _ranges[0].Start;
        ulong end = _ranges.Count == 0 ? 0 : _ranges[^1].End;
        for (int i = 0; i < _function.Inlines.Count; i++)
        {
            if (_parent[i] == Dropped)
            {
                continue;
            }

            foreach (var range in RangesOf(_function.Inlines[i]))
            {
                if (!range.IsEmpty && range.Start < end && range.End > start)
                {
                    _cells.Add(Math.Max(range.Start, start));
                    _cells.Add(Math.Min(range.End, end));
                }
            }
        }

        _cells.Sort();
        int count = 0;
        foreach (ulong cell in CollectionsMarshal.AsSpan(_cells))
        {
            if (count == 0 || _cells[count - 1] != cell)
            {
                _cells[count++] = cell;
            }
        }

        _cells.RemoveRange(count, _cells.Count - count);
        if (_owner.Length < count)
        {
            _owner = new int[Math.Max(count, _owner.Length * 2)];
        }

        _owner.AsSpan(0, count).Fill(Outside);
        var cells = CollectionsMarshal.AsSpan(_cells);
        foreach (var range in _ranges)
        {
            for (int i = LastAtOrBefore(cells, range.Start); cells[i] < range.End; i++)
            {
                _owner[i] = Root;
            }
        }
    }

    private void Paint()
    {
        var cells = CollectionsMarshal.AsSpan(_cells);
        if (_counted.Count > SmallFunction)
        {
            _counted = [];
        }
        else
        {
            _counted.Clear();
        }

        // Real nesting visits each cell a few times; hostile overlaps would visit it once per site.
        long steps = (1 << 20) + (64L * (_cells.Count + _function.Inlines.Count));
        for (int i = 0; i < _function.Inlines.Count; i++)
        {
            if (_parent[i] == Dropped)
            {
                continue;
            }

            foreach (var range in RangesOf(_function.Inlines[i]))
            {
                if (range.IsEmpty || cells.IsEmpty || range.Start >= cells[^1] || range.End <= cells[0])
                {
                    continue;
                }

                int counted = -1;
                for (int cell = LastAtOrBefore(cells, Math.Max(range.Start, cells[0])); cell < cells.Length - 1 && cells[cell] < range.End; cell++)
                {
                    if (--steps < 0)
                    {
                        StepsExceeded = true;
                        return;
                    }

                    if (_owner[cell] == _parent[i])
                    {
                        _owner[cell] = i;
                        Count(cells[cell], i, ref counted);
                    }
                }
            }
        }
    }

    /// <summary>
    /// Counts one instance for each range of the function that one range of a site, or one call of several sites, has
    /// cells in.
    /// </summary>
    private void Count(ulong address, int site, ref int counted)
    {
        if (counted >= 0 && address < _ranges[counted].End)
        {
            return;
        }

        int first = 0;
        int end = _ranges.Count;
        while (end - first > 1)
        {
            int middle = first + ((end - first) / 2);
            (first, end) = _ranges[middle].Start <= address ? (middle, end) : (first, middle);
        }

        counted = first;
        int call = _function.Inlines[site].Call;
        if (call != 0 && !_counted.Add((call, first)))
        {
            return;
        }

        ref var summary = ref _summaries[first];
        summary.Count++;
        summary.Depth = Math.Max(summary.Depth, _depth[site] + 1);
    }

    /// <summary>The context of a site in this run: its ancestors first, equal ones shared.</summary>
    private int ContextOf(int site)
    {
        _stack.Clear();
        int context = 0;
        for (int at = site; at != Root; at = _parent[at])
        {
            if (_contextRun[at] == _run)
            {
                context = _contextOf[at];
                break;
            }

            _stack.Add(at);
        }

        for (int i = _stack.Count - 1; i >= 0; i--)
        {
            int at = _stack[i];
            var inline = _function.Inlines[at];
            int function = functions.AddInlined(inline.Function, inline.Language);
            ref int known = ref CollectionsMarshal.GetValueRefOrAddDefault(
                _contexts, (function, context, inline.CallFile.Id, inline.CallLine), out bool exists);
            if (!exists)
            {
                known = _nodeCount++;
                _nodes.WriteUleb((ulong)context);
                _nodes.WriteUleb((ulong)function);
                _nodes.WriteUleb((ulong)inline.CallFile.Id);
                _nodes.WriteUleb(inline.CallLine);
            }

            context = known;
            _contextOf[at] = context;
            _contextRun[at] = _run;
        }

        return context;
    }

    private void ForgetContexts()
    {
        if (_contexts.Count > SmallFunction)
        {
            _contexts = [];
        }
        else
        {
            _contexts.Clear();
        }
    }

    private ReadOnlySpan<AddressRange> RangesOf(in InlineSite site)
    {
        var all = CollectionsMarshal.AsSpan(_function.InlineRanges);
        return site.FirstRange >= 0 && site.RangeCount >= 0 && site.FirstRange <= all.Length
            && site.RangeCount <= all.Length - site.FirstRange
            ? all.Slice(site.FirstRange, site.RangeCount)
            : default;
    }

    private static int LastAtOrBefore(ReadOnlySpan<ulong> cells, ulong address)
    {
        int found = cells.BinarySearch(address);
        return found >= 0 ? found : ~found - 1;
    }

    private int FirstLineAt(ulong address)
    {
        int first = 0;
        int end = _lines.Count;
        while (first < end)
        {
            int middle = first + ((end - first) / 2);
            (first, end) = _lines[middle].Address < address ? (middle + 1, end) : (first, middle);
        }

        return first;
    }

    private record struct RangeSummary(int Count, int Depth);
}
