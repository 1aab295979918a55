using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>
/// Runs the annotations of an inlined call. Each operation that moves the code offset begins a piece, which ends at the
/// next one unless it has a length of its own.
/// </summary>
internal sealed class InlineSiteReader(SourceFiles files, InlineeSources inlinees, ParseLimits limits)
{
    /// <summary>
    /// Appends the pieces of a call. False when there are none, when nothing says where the function's lines begin, or
    /// when the annotations are damaged (Visual C++ 19.16 writes files that do not exist): such a call is left out.
    /// </summary>
    /// <param name="inlinee">Item of the inlined function.</param>
    /// <param name="annotations">The program.</param>
    /// <param name="chunk">Piece of the procedure that the call is in.</param>
    /// <param name="pieces">Takes the pieces.</param>
    public bool TryRead(uint inlinee, ReadOnlySpan<byte> annotations, uint chunk, List<SitePiece> pieces)
    {
        if (!inlinees.TryFind(inlinee, out var list, out uint fileId, out uint firstLine) || !files.TryGet(list, fileId, out var file))
        {
            return false;
        }

        int first = pieces.Count;
        var program = new BinaryAnnotations(annotations);
        long offset = 0;
        long line = firstLine;
        while (program.TryReadNext(out var annotation) && pieces.Count < limits.InlineRanges)
        {
            uint length = SitePiece.ToEnd;
            switch (annotation.Op)
            {
                case AnnotationOp.CodeOffset:
                    offset = annotation.Value;
                    continue;
                case AnnotationOp.ChangeCodeOffsetBase:
                    chunk = annotation.Value;
                    offset = 0;
                    continue;
                case AnnotationOp.ChangeCodeLength:
                    EndLast(pieces, first, annotation.Value);
                    offset += annotation.Value;
                    continue;
                case AnnotationOp.ChangeFile when files.TryGet(list, annotation.Value, out file):
                    continue;
                case AnnotationOp.ChangeFile:
                    return Discard(pieces, first);
                case AnnotationOp.ChangeLineOffset:
                    line += annotation.Delta;
                    continue;
                case AnnotationOp.ChangeCodeOffset:
                    offset += annotation.Value;
                    break;
                case AnnotationOp.ChangeCodeOffsetAndLineOffset:
                    offset += annotation.Code;
                    line += annotation.Delta;
                    break;
                case AnnotationOp.ChangeCodeLengthAndCodeOffset:
                    offset += annotation.Code;
                    length = annotation.Value;
                    break;
                default:
                    continue; // columns, ends of statements, kinds of ranges
            }

            if (offset > uint.MaxValue)
            {
                return Discard(pieces, first);
            }

            EndLastAt(pieces, first, chunk, (uint)offset);
            uint number = line is > 0 and <= int.MaxValue ? (uint)line : 0;
            pieces.Add(new SitePiece(chunk, (uint)offset, length, file, number));
        }

        return program.IsDamaged ? Discard(pieces, first) : pieces.Count > first;
    }

    private static bool Discard(List<SitePiece> pieces, int first)
    {
        pieces.RemoveRange(first, pieces.Count - first);
        return false;
    }

    private static void EndLast(List<SitePiece> pieces, int first, uint length)
    {
        if (pieces.Count > first && pieces[^1].Length == SitePiece.ToEnd)
        {
            pieces[^1] = pieces[^1] with { Length = length };
        }
    }

    private static void EndLastAt(List<SitePiece> pieces, int first, uint chunk, uint offset)
    {
        if (pieces.Count > first && pieces[^1].Chunk == chunk && offset >= pieces[^1].Offset)
        {
            EndLast(pieces, first, offset - pieces[^1].Offset);
        }
    }
}
