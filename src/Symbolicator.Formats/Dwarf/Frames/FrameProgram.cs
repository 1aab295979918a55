using System.Buffers;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf.Frames;

/// <summary>
/// Executes the instructions of one function entry (DWARF5 §6.4.2) and yields the rows of its table in order. What cannot
/// be executed ends the rows; those before it hold. Dispose it: remembered states are pooled.
/// </summary>
internal ref struct FrameProgram
{
    private readonly FrameSection _section;
    private readonly int _rememberDepth;
    private readonly ulong _end;
    private readonly FunctionEntry _entry;
    private ByteReader _reader;
    private readonly RuleSet _initial;
    private RuleSet _current;
    private ulong _location;
    private ulong _next;
    private readonly bool _inCommon;
    private bool _finished;
    private RuleSet[]? _remembered;
    private int _rememberedCount;

    public FrameProgram(FrameSection section, in FunctionEntry entry, int rememberDepth)
    {
        _section = section;
        _entry = entry;
        _rememberDepth = rememberDepth;
        _end = entry.Size > ulong.MaxValue - entry.Start ? ulong.MaxValue : entry.Start + entry.Size;
        _location = _next = entry.Start;
        _inCommon = true;
        _reader = Open(entry.Common.Instructions);
        while (!_reader.AtEnd)
        {
            Execute();
        }

        _initial = _current;
        _inCommon = false;
        Fault = _reader.Fault;
        _finished = !Fault.IsNone;
        _reader = Open(entry.Instructions);
    }

    /// <summary>Why the rows ended early, none when they did not.</summary>
    public ParseFault Fault { get; private set; }

    /// <summary>Rules of the row.</summary>
    public readonly RuleSet Rules => _current;

    /// <summary>Address of the row, as linked.</summary>
    public ulong RowStart { get; private set; }

    /// <summary>First address behind the row.</summary>
    public ulong RowEnd { get; private set; }

    /// <summary>Moves to the next row; false at the end or at a fault.</summary>
    public bool TryReadRow()
    {
        while (!_finished)
        {
            while (!_reader.AtEnd && _next == _location)
            {
                Execute();
            }

            if (!_reader.Fault.IsNone)
            {
                Fault = _reader.Fault;
                _finished = true;
                return false;
            }

            ulong end = _next == _location ? _end : Math.Min(_next, _end);
            _finished = _next == _location || _next >= _end;
            RowStart = _location;
            RowEnd = end;
            _location = _next;
            if (RowEnd > RowStart)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Moves to the row that covers an address.</summary>
    public bool TrySeek(ulong address)
    {
        while (TryReadRow())
        {
            if (address < RowEnd)
            {
                return address >= RowStart;
            }
        }

        return false;
    }

    public void Dispose()
    {
        if (_remembered is not null)
        {
            ArrayPool<RuleSet>.Shared.Return(_remembered);
            _remembered = null;
        }
    }

    private readonly ByteReader Open(InstructionRange range) => _section.ReaderOver(range.Offset, range.Length);

    private void Execute()
    {
        byte code = _reader.ReadU8();
        ulong low = (ulong)code & 0x3f;
        switch ((FrameOp)(code & 0xc0))
        {
            case FrameOp.Advance:
                Advance(low);
                return;
            case FrameOp.Offset:
                SetRule(low, RegisterRule.At(RuleKind.Offset, FactoredUnsigned()));
                return;
            case FrameOp.Restore:
                Restore(low);
                return;
        }

        switch ((FrameOp)code)
        {
            case FrameOp.Nop:
            case FrameOp.NegateReturnState: // authentication codes are stripped from whatever is a return address
            case FrameOp.NegateReturnStateWithPc:
                break;
            case FrameOp.SetLocation:
                SetLocation();
                break;
            case FrameOp.Advance1:
                Advance(_reader.ReadU8());
                break;
            case FrameOp.Advance2:
                Advance(_reader.ReadU16());
                break;
            case FrameOp.Advance4:
                Advance(_reader.ReadU32());
                break;
            case FrameOp.Advance8:
                Advance(_reader.ReadU64());
                break;
            case FrameOp.OffsetExtended:
                SetRule(_reader.ReadUleb128(), RegisterRule.At(RuleKind.Offset, FactoredUnsigned()));
                break;
            case FrameOp.OffsetExtendedSigned:
                SetRule(_reader.ReadUleb128(), RegisterRule.At(RuleKind.Offset, FactoredSigned()));
                break;
            case FrameOp.NegativeOffsetExtended:
                SetRule(_reader.ReadUleb128(), RegisterRule.At(RuleKind.Offset, unchecked(-FactoredUnsigned())));
                break;
            case FrameOp.ValueOffset:
                SetRule(_reader.ReadUleb128(), RegisterRule.At(RuleKind.ValueOffset, FactoredUnsigned()));
                break;
            case FrameOp.ValueOffsetSigned:
                SetRule(_reader.ReadUleb128(), RegisterRule.At(RuleKind.ValueOffset, FactoredSigned()));
                break;
            case FrameOp.RestoreExtended:
                Restore(_reader.ReadUleb128());
                break;
            case FrameOp.Undefined:
                SetRule(_reader.ReadUleb128(), RegisterRule.Of(RuleKind.Undefined));
                break;
            case FrameOp.SameValue:
                SetRule(_reader.ReadUleb128(), RegisterRule.Of(RuleKind.SameValue));
                break;
            case FrameOp.Register:
                SetRule(_reader.ReadUleb128(), new RegisterRule(RuleKind.Register, ReadRegister(), 0, 0));
                break;
            case FrameOp.RememberState:
                Remember();
                break;
            case FrameOp.RestoreState:
                Recall();
                break;
            case FrameOp.DefineCfa:
                _current.Cfa = new RegisterRule(RuleKind.Register, ReadRegister(), 0, unchecked((long)_reader.ReadUleb128()));
                break;
            case FrameOp.DefineCfaSigned:
                _current.Cfa = new RegisterRule(RuleKind.Register, ReadRegister(), 0, FactoredSigned());
                break;
            case FrameOp.DefineCfaRegister:
                _current.Cfa = KnownCfa() with { Register = ReadRegister() };
                break;
            case FrameOp.DefineCfaOffset:
                _current.Cfa = KnownCfa() with { Operand = unchecked((long)_reader.ReadUleb128()) };
                break;
            case FrameOp.DefineCfaOffsetSigned:
                _current.Cfa = KnownCfa() with { Operand = FactoredSigned() };
                break;
            case FrameOp.DefineCfaExpression:
                _current.Cfa = ReadExpression(RuleKind.ValueExpression);
                break;
            case FrameOp.Expression:
                SetRule(_reader.ReadUleb128(), ReadExpression(RuleKind.Expression));
                break;
            case FrameOp.ValueExpression:
                SetRule(_reader.ReadUleb128(), ReadExpression(RuleKind.ValueExpression));
                break;
            case FrameOp.ArgumentsSize:
                _reader.SkipLeb128();
                break;
            default:
                _reader.Fail(MalformedReason.UnknownForm);
                break;
        }
    }

    private void Advance(ulong delta) => MoveTo(unchecked(_location + delta * _entry.Common.CodeAlignment));

    private void SetLocation()
    {
        var range = _inCommon ? _entry.Common.Instructions : _entry.Instructions;
        ulong at = unchecked(_section.Section.Address + range.Offset + (ulong)_reader.Position);
        var bases = _section.BasesFor(_entry.Common, _entry.Start);
        MoveTo(EncodedPointer.Read(ref _reader, _entry.Common.PointerEncoding, bases, at));
    }

    /// <summary>Rows ascend; a common entry has one row only.</summary>
    private void MoveTo(ulong location)
    {
        if (location < _location || _inCommon && location != _location)
        {
            _reader.Fail(MalformedReason.BadValue);
        }
        else
        {
            _next = location;
        }
    }

    private void SetRule(ulong register, RegisterRule rule) => _current.Set(Translate(register), rule);

    private void Restore(ulong register)
    {
        ulong own = Translate(register);
        if (own < RegisterState.Capacity)
        {
            _current.Set(own, _initial[(int)own]);
        }
    }

    private void Remember()
    {
        if (_rememberedCount >= _rememberDepth)
        {
            _reader.Fail(MalformedReason.DepthOverLimit);
            return;
        }

        _remembered ??= ArrayPool<RuleSet>.Shared.Rent(_rememberDepth);
        _remembered[_rememberedCount++] = _current;
    }

    private void Recall()
    {
        if (_rememberedCount == 0)
        {
            _reader.Fail(MalformedReason.BadValue);
            return;
        }

        _current = _remembered![--_rememberedCount];
    }

    /// <summary>Register and offset change one at a time only where the CFA is of that form.</summary>
    private RegisterRule KnownCfa()
    {
        if (_current.Cfa.Kind != RuleKind.Register)
        {
            _reader.Fail(MalformedReason.BadValue);
        }

        return _current.Cfa;
    }

    private byte ReadRegister()
    {
        ulong register = Translate(_reader.ReadUleb128());
        if (register >= RegisterState.Capacity)
        {
            _reader.Fail(MalformedReason.Unsupported);
            return 0;
        }

        return (byte)register;
    }

    private readonly ulong Translate(ulong register) =>
        _section.SwapsEspAndEbp && register is 4 or 5 ? 9 - register : register;

    private RegisterRule ReadExpression(RuleKind kind)
    {
        ulong length = _reader.ReadUleb128();
        var range = _inCommon ? _entry.Common.Instructions : _entry.Instructions;
        ulong offset = range.Offset + (ulong)_reader.Position;
        return new RegisterRule(kind, 0, _reader.ReadBytes(length).Length, (long)offset);
    }

    // Offsets are small in fact; hostile products wrap around and yield an unreadable address.
    private long FactoredUnsigned() => unchecked((long)_reader.ReadUleb128() * _entry.Common.DataAlignment);

    private long FactoredSigned() => unchecked(_reader.ReadSleb128() * _entry.Common.DataAlignment);
}
