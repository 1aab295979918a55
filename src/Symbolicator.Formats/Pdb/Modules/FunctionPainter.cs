using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>
/// Joins the lines of a procedure with those of the calls inlined into it. A PDB does not say where a call is: the line
/// that the code around it has at the same address is the line of the call. So all pieces of code are cut into cells;
/// the procedure's lines are painted first, then each call over what is its parent's: what it covers there is the line of
/// the call. A call whose parts are on several lines becomes several sites.
/// </summary>
internal sealed class FunctionPainter(PdbAddressMap map, ParseLimits limits, FaultLog faults)
{
    private const int Outside = -2;

    /// <summary>Nearly all calls are on one line; hostile ones have as many lines as the code around them.</summary>
    private const int FreeNodes = 64 << 10;
    private const int NodesPerSite = 8;

    /// <summary>Real nesting visits each cell a few times; hostile overlaps would visit it once per site.</summary>
    private const int FreeSteps = 64 << 10;
    private const long StepsPerPiece = 64;

    private readonly List<ulong> _bounds = [];
    private readonly List<AddressRange> _pieces = []; // of all sites, as the procedure lists them
    private readonly LineRowWriter _rows = new(map);
    private readonly InlineNodes _nodes = new(map);
    private Cell[] _cells = [];
    private long _steps;

    /// <summary>Fills ranges, lines and inlined calls; false when none of the code is in the image.</summary>
    /// <param name="procedure">Its code and calls.</param>
    /// <param name="lines">Its own lines, those of each chunk ascending.</param>
    /// <param name="into">An empty buffer.</param>
    public bool TryFill(OpenProcedure procedure, List<LinePiece> lines, FunctionBuffer into)
    {
        foreach (var chunk in procedure.Chunks)
        {
            SourceAddress.AddTo(into.Ranges, map, chunk.Start, chunk.End);
        }

        if (into.Ranges.Count == 0)
        {
            return false;
        }

        into.Name = procedure.Name;
        into.Language = procedure.Language;
        RangeMath.SortAndMerge(into.Ranges, 0);
        _rows.Clear();
        if (procedure.Sites.Count == 0)
        {
            _rows.AddCovering(procedure.Chunks, lines);
        }
        else
        {
            PaintSites(procedure, lines);
            _nodes.Emit(procedure, into);
            AddCells();
        }

        _rows.Emit(into.Lines);
        return true;
    }

    private void PaintSites(OpenProcedure procedure, List<LinePiece> lines)
    {
        _steps = FreeSteps + (StepsPerPiece * (lines.Count + procedure.Pieces.Count));
        ResolvePieces(procedure);
        BuildCells(procedure, lines);
        _nodes.Clear();
        for (int site = 0; site < procedure.Sites.Count; site++)
        {
            if (!TryPaint(procedure, site))
            {
                faults.Add(new ParseFault(MalformedReason.StepsOverLimit, 0), "inlined calls of a procedure");
                return;
            }
        }
    }

    private bool TryPaint(OpenProcedure procedure, int site)
    {
        var recorded = procedure.Sites[site];
        var bounds = CollectionsMarshal.AsSpan(_bounds);
        int mostNodes = FreeNodes + (NodesPerSite * procedure.Sites.Count);
        for (int i = 0; i < recorded.PieceCount; i++)
        {
            var code = _pieces[recorded.FirstPiece + i];
            var line = procedure.Pieces[recorded.FirstPiece + i];
            if (code.IsEmpty)
            {
                continue;
            }

            for (int at = bounds.BinarySearch(code.Start); bounds[at] < code.End; at++)
            {
                if (--_steps < 0 || _nodes.RunCount == limits.InlineRanges || _nodes.Count > mostNodes)
                {
                    return false;
                }

                ref var cell = ref _cells[at];
                if (cell.Owner == recorded.Parent)
                {
                    int node = _nodes.Intern(site, cell.Node, cell.File, cell.Line);
                    _nodes.AddRun(node, bounds[at], bounds[at + 1]);
                    cell = new Cell(site, node, line.File, line.Line);
                }
            }
        }

        return true;
    }

    /// <summary>Turns offsets into addresses and finds the ends that are not recorded.</summary>
    private void ResolvePieces(OpenProcedure procedure)
    {
        _pieces.Clear();
        foreach (var site in CollectionsMarshal.AsSpan(procedure.Sites))
        {
            foreach (var piece in CollectionsMarshal.AsSpan(procedure.Pieces).Slice(site.FirstPiece, site.PieceCount))
            {
                _pieces.Add(Resolve(procedure, site.Parent, piece));
            }
        }
    }

    private AddressRange Resolve(OpenProcedure procedure, int parent, in SitePiece piece)
    {
        if (piece.Chunk >= (uint)procedure.Chunks.Count)
        {
            return default;
        }

        var chunk = procedure.Chunks[(int)piece.Chunk];
        if (piece.Offset >= chunk.Size)
        {
            return default;
        }

        ulong start = chunk.Start + piece.Offset;
        ulong end = piece.Length == SitePiece.ToEnd ? EndOf(procedure, parent, start, chunk.End) : Math.Min(start + piece.Length, chunk.End);
        return new AddressRange(start, end);
    }

    /// <summary>Where the code of a call's parent that holds an address ends, neighbouring pieces taken together.</summary>
    private ulong EndOf(OpenProcedure procedure, int parent, ulong address, ulong chunkEnd)
    {
        if (parent == OpenProcedure.NoSite)
        {
            return chunkEnd;
        }

        var site = procedure.Sites[parent];
        ulong end = address;
        foreach (var piece in CollectionsMarshal.AsSpan(_pieces).Slice(site.FirstPiece, site.PieceCount))
        {
            if (--_steps < 0)
            {
                break;
            }

            end = piece.Contains(end) ? piece.End : end;
        }

        return end;
    }

    private void BuildCells(OpenProcedure procedure, List<LinePiece> lines)
    {
        _bounds.Clear();
        foreach (var chunk in procedure.Chunks)
        {
            AddBounds(chunk.Start, chunk.End);
        }

        foreach (var line in CollectionsMarshal.AsSpan(lines))
        {
            AddBounds(line.Start, line.End);
        }

        foreach (var piece in CollectionsMarshal.AsSpan(_pieces))
        {
            AddBounds(piece.Start, piece.End);
        }

        _bounds.Sort();
        int count = 0;
        foreach (ulong bound in CollectionsMarshal.AsSpan(_bounds))
        {
            if (count == 0 || _bounds[count - 1] != bound)
            {
                _bounds[count++] = bound;
            }
        }

        _bounds.RemoveRange(count, _bounds.Count - count);
        if (_cells.Length < count)
        {
            _cells = new Cell[Math.Max(count, _cells.Length * 2)];
        }

        _cells.AsSpan(0, count).Fill(new Cell(Outside, InlineNodes.Root, default, 0));
        foreach (var chunk in procedure.Chunks)
        {
            Fill(chunk.Start, chunk.End, default, 0);
        }

        foreach (var line in CollectionsMarshal.AsSpan(lines))
        {
            Fill(line.Start, line.End, line.File, line.Line);
        }
    }

    private void AddBounds(ulong start, ulong end)
    {
        if (start < end)
        {
            _bounds.Add(start);
            _bounds.Add(end);
        }
    }

    private void Fill(ulong start, ulong end, FileRef file, uint line)
    {
        var bounds = CollectionsMarshal.AsSpan(_bounds);
        for (int at = bounds.BinarySearch(start); bounds[at] < end; at++)
        {
            _cells[at] = new Cell(OpenProcedure.NoSite, InlineNodes.Root, file, line);
        }
    }

    private void AddCells()
    {
        for (int at = 0; at + 1 < _bounds.Count; at++)
        {
            var cell = _cells[at];
            if (cell.Owner != Outside)
            {
                _rows.Add(new LinePiece(_bounds[at], _bounds[at + 1], cell.File, cell.Line));
            }
        }
    }

    /// <summary>What holds from a bound to the next one.</summary>
    /// <param name="Owner">The innermost call painted here.</param>
    /// <param name="Node">The same with the lines of the calls around it.</param>
    /// <param name="File">File of the innermost code.</param>
    /// <param name="Line">Its line.</param>
    private readonly record struct Cell(int Owner, int Node, FileRef File, uint Line);
}
