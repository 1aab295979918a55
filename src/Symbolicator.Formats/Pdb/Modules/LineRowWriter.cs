using System.Runtime.InteropServices;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>Translates lines to the image and writes them as rows, neighbours with the same line as one.</summary>
internal sealed class LineRowWriter(PdbAddressMap map)
{
    private readonly List<LinePiece> _pieces = []; // of the image
    private readonly List<AddressRange> _mapped = [];

    public void Clear() => _pieces.Clear();

    /// <summary>Adds a stretch of code; pieces without a line end those before them.</summary>
    public void Add(in LinePiece piece)
    {
        _mapped.Clear();
        SourceAddress.AddTo(_mapped, map, piece.Start, piece.End);
        foreach (var range in _mapped)
        {
            _pieces.Add(piece with { Start = range.Start, End = range.End });
        }
    }

    /// <summary>Adds all code of some chunks, in which lines may leave gaps; nothing when there are no lines.</summary>
    public void AddCovering(List<AddressRange> chunks, List<LinePiece> lines)
    {
        int next = 0;
        foreach (var chunk in chunks)
        {
            ulong at = chunk.Start;
            for (; next < lines.Count && chunk.Contains(lines[next].Start); next++)
            {
                AddGap(at, lines[next].Start);
                Add(lines[next]);
                at = lines[next].End;
            }

            if (lines.Count > 0)
            {
                AddGap(at, chunk.End);
            }
        }
    }

    public void Emit(List<LineRow> rows)
    {
        var pieces = CollectionsMarshal.AsSpan(_pieces);
        for (int i = 1; i < pieces.Length; i++)
        {
            if (pieces[i].Start < pieces[i - 1].Start)
            {
                pieces.Sort(static (left, right) => left.Start.CompareTo(right.Start));
                break;
            }
        }

        for (int i = 0; i < pieces.Length; i++)
        {
            if (i == 0 || pieces[i].Start != pieces[i - 1].End
                || pieces[i].File != pieces[i - 1].File || pieces[i].Line != pieces[i - 1].Line)
            {
                rows.Add(new LineRow(pieces[i].Start, pieces[i].File, pieces[i].Line));
            }
        }
    }

    private void AddGap(ulong start, ulong end)
    {
        if (start < end)
        {
            Add(new LinePiece(start, end, default, 0));
        }
    }
}
