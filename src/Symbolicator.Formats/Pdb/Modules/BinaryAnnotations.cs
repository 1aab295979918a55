namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>One operation of a program of annotations.</summary>
/// <param name="Op">The operation.</param>
/// <param name="Value">Its operand; of the two combined operations the length of the code.</param>
/// <param name="Delta">Signed operand of line and column operations, and the line of the combined one.</param>
/// <param name="Code">Code offset of the combined operations.</param>
internal readonly record struct Annotation(AnnotationOp Op, uint Value, int Delta, uint Code);

/// <summary>
/// Decodes binary annotations: operations and operands are integers of 7, 14 or 29 bits in one, two or four bytes, whose
/// leading bits tell the size; signed ones have their sign in the lowest bit.
/// </summary>
internal ref struct BinaryAnnotations(ReadOnlySpan<byte> program)
{
    private ReadOnlySpan<byte> _rest = program;

    /// <summary>What follows cannot be decoded.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>False at the end of the program, at its padding, or at damage.</summary>
    public bool TryReadNext(out Annotation annotation)
    {
        annotation = default;
        if (_rest.IsEmpty)
        {
            return false;
        }

        uint op = ReadUnsigned();
        switch ((AnnotationOp)Math.Min(op, byte.MaxValue))
        {
            case AnnotationOp.End:
                return false;
            case AnnotationOp.CodeOffset or AnnotationOp.ChangeCodeOffsetBase or AnnotationOp.ChangeCodeOffset
                or AnnotationOp.ChangeCodeLength or AnnotationOp.ChangeFile or AnnotationOp.ChangeLineEndDelta
                or AnnotationOp.ChangeRangeKind or AnnotationOp.ChangeColumnStart or AnnotationOp.ChangeColumnEnd:
                annotation = new Annotation((AnnotationOp)op, ReadUnsigned(), 0, 0);
                break;
            case AnnotationOp.ChangeLineOffset or AnnotationOp.ChangeColumnEndDelta:
                annotation = new Annotation((AnnotationOp)op, 0, Signed(ReadUnsigned()), 0);
                break;
            case AnnotationOp.ChangeCodeOffsetAndLineOffset:
                uint both = ReadUnsigned();
                annotation = new Annotation((AnnotationOp)op, 0, Signed(both >> 4), both & 0xf);
                break;
            case AnnotationOp.ChangeCodeLengthAndCodeOffset:
                uint length = ReadUnsigned();
                annotation = new Annotation((AnnotationOp)op, length, 0, ReadUnsigned());
                break;
            default:
                IsDamaged = true;
                break;
        }

        return !IsDamaged;
    }

    private uint ReadUnsigned()
    {
        int size = _rest.IsEmpty ? 0 : _rest[0] switch
        {
            < 0x80 => 1,
            < 0xc0 => 2,
            < 0xe0 => 4,
            _ => 0,
        };
        if (size == 0 || size > _rest.Length)
        {
            IsDamaged = true;
            _rest = default;
            return 0;
        }

        uint value = size switch
        {
            1 => _rest[0],
            2 => ((_rest[0] & 0x3fu) << 8) | _rest[1],
            _ => ((_rest[0] & 0x1fu) << 24) | ((uint)_rest[1] << 16) | ((uint)_rest[2] << 8) | _rest[3],
        };
        _rest = _rest[size..];
        return value;
    }

    private static int Signed(uint value) => (value & 1) != 0 ? -(int)(value >> 1) : (int)(value >> 1);
}
