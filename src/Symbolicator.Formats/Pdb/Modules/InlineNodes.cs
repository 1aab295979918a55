using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>
/// The inlined calls of a procedure as they are given out: a recorded call, the node around it, and the line of the call
/// there. Most recorded calls have one node.
/// </summary>
internal sealed class InlineNodes(PdbAddressMap map)
{
    public const int Root = 0;

    private const int SmallFunction = 1024;

    private readonly List<Node> _nodes = [];
    private readonly List<Run> _runs = [];
    private readonly List<int> _path = [];
    private Dictionary<(int Site, int Parent, int File, uint Line), int> _known = [];
    private int[] _order = [];

    public int Count => _nodes.Count;

    /// <summary>Stretches of code of all nodes.</summary>
    public int RunCount => _runs.Count;

    public void Clear()
    {
        _nodes.Clear();
        _nodes.Add(default); // the procedure
        _runs.Clear();
        if (_known.Count > SmallFunction)
        {
            _known = []; // clearing costs as much as the largest function so far
        }
        else
        {
            _known.Clear();
        }
    }

    /// <summary>The node of a call.</summary>
    public int Intern(int site, int parent, FileRef callFile, uint callLine)
    {
        ref int node = ref CollectionsMarshal.GetValueRefOrAddDefault(_known, (site, parent, callFile.Id, callLine), out bool exists);
        if (exists)
        {
            return node;
        }

        node = _nodes.Count;
        _nodes.Add(new Node { Site = site, CallFile = callFile, CallLine = callLine });
        var nodes = CollectionsMarshal.AsSpan(_nodes);
        ref var around = ref nodes[parent];
        if (around.FirstChild == 0)
        {
            around.FirstChild = node;
        }
        else
        {
            nodes[around.LastChild].Next = node;
        }

        around.LastChild = node;
        return node;
    }

    /// <summary>Adds code to a node.</summary>
    public void AddRun(int node, ulong start, ulong end)
    {
        var runs = CollectionsMarshal.AsSpan(_runs);
        if (!runs.IsEmpty && runs[^1].Node == node && runs[^1].End == start)
        {
            runs[^1] = runs[^1] with { End = end };
            return;
        }

        _runs.Add(new Run(node, start, end));
        CollectionsMarshal.AsSpan(_nodes)[node].RunCount++;
    }

    /// <summary>Writes the nodes in pre-order.</summary>
    public void Emit(OpenProcedure procedure, FunctionBuffer into)
    {
        OrderRuns();
        var nodes = CollectionsMarshal.AsSpan(_nodes);
        _path.Clear();
        for (int at = nodes[Root].FirstChild; at != 0;)
        {
            ref readonly var node = ref nodes[at];
            int first = into.InlineRanges.Count;
            AddRanges(node, into.InlineRanges);
            int count = into.InlineRanges.Count - first;
            if (count > 0)
            {
                into.Inlines.Add(new InlineSite(
                    _path.Count, procedure.Sites[node.Site].Name, procedure.Language, node.CallFile, node.CallLine, first, count, node.Site + 1));
            }

            if (node.FirstChild != 0 && count > 0)
            {
                _path.Add(at);
                at = node.FirstChild;
                continue;
            }

            for (at = node.Next; at == 0 && _path.Count > 0; at = nodes[_path[^1]].Next, _path.RemoveAt(_path.Count - 1))
            {
            }
        }
    }

    /// <summary>Ranges of a node in the image, neighbours joined.</summary>
    private void AddRanges(in Node node, List<AddressRange> ranges)
    {
        int first = ranges.Count;
        foreach (int index in _order.AsSpan(node.FirstRun, node.RunCount))
        {
            SourceAddress.AddTo(ranges, map, _runs[index].Start, _runs[index].End);
        }

        RangeMath.SortAndMerge(ranges, first);
    }

    /// <summary>Brings the runs of each node together.</summary>
    private void OrderRuns()
    {
        if (_order.Length < _runs.Count)
        {
            _order = new int[Math.Max(_runs.Count, _order.Length * 2)];
        }

        int next = 0;
        foreach (ref var node in CollectionsMarshal.AsSpan(_nodes))
        {
            node.FirstRun = next;
            next += node.RunCount;
            node.RunCount = 0;
        }

        for (int i = 0; i < _runs.Count; i++)
        {
            ref var node = ref CollectionsMarshal.AsSpan(_nodes)[_runs[i].Node];
            _order[node.FirstRun + node.RunCount++] = i;
        }
    }

    private readonly record struct Run(int Node, ulong Start, ulong End);

    private struct Node
    {
        public int Site;
        public FileRef CallFile;
        public uint CallLine;
        public int FirstChild;
        public int LastChild;
        public int Next;
        public int FirstRun;
        public int RunCount;
    }
}
