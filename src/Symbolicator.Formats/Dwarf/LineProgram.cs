using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Dwarf;

/// <summary>Runs line programs of DWARF 2 to 5 (DWARF5 §6.2.5).</summary>
internal ref struct LineProgram
{
    private readonly LineHeader _header;
    private readonly LineTable _table;
    private readonly CodeFilter _code;
    private readonly int _rowLimit;
    private readonly DwarfEncoding _encoding;
    private ByteReader _reader;
    private ulong _address;
    private uint _operation;
    private uint _file;
    private uint _line;
    private bool _isDead;

    private LineProgram(LineHeader header, LineTable table, CodeFilter code, int rowLimit)
    {
        _header = header;
        _table = table;
        _code = code;
        _rowLimit = rowLimit;
        _encoding = header.Encoding;
        _reader = header.ReaderAt(header.ProgramStart);
    }

    /// <summary>Fills the table. Rows before a fault stay.</summary>
    public static ParseFault Run(LineHeader header, LineTable table, CodeFilter code, int rowLimit)
    {
        var program = new LineProgram(header, table, code, rowLimit);
        program.Run();
        return program._reader.Fault;
    }

    private void Run()
    {
        Reset();
        while (!_reader.AtEnd)
        {
            byte opcode = _reader.ReadU8();
            if (opcode == (byte)DwLns.Extended)
            {
                Extended();
            }
            else if (opcode >= _header.OpcodeBase)
            {
                Special(opcode);
            }
            else
            {
                Standard(opcode);
            }
        }

        _table.EndSequence(0); // without its end the last row has one byte
        _table.Seal();
    }

    private void Reset()
    {
        _file = 1;
        _line = 1;
        MoveTo(0);
    }

    /// <summary>Sets the address; code that the linker discarded has rows that mean nothing.</summary>
    private void MoveTo(ulong address)
    {
        _address = address & _encoding.AddressMask;
        _operation = 0;
        _isDead = _code.IsTombstone(_address, _encoding);
    }

    private void Special(byte opcode)
    {
        if (!HasLineRange())
        {
            return;
        }

        int adjusted = opcode - _header.OpcodeBase;
        Advance((uint)(adjusted / _header.LineRange));
        _line = unchecked(_line + (uint)(_header.LineBase + (adjusted % _header.LineRange)));
        Append();
    }

    private void Standard(byte opcode)
    {
        switch ((DwLns)opcode)
        {
            case DwLns.Copy:
                Append();
                break;
            case DwLns.AdvancePc:
                Advance(_reader.ReadUleb128());
                break;
            case DwLns.AdvanceLine:
                _line = unchecked(_line + (uint)_reader.ReadSleb128());
                break;
            case DwLns.SetFile:
                _file = (uint)Math.Min(_reader.ReadUleb128(), uint.MaxValue);
                break;
            case DwLns.ConstAddPc:
                if (HasLineRange())
                {
                    Advance((uint)((byte.MaxValue - _header.OpcodeBase) / _header.LineRange));
                }

                break;
            case DwLns.FixedAdvancePc:
                _address = _encoding.Add(_address, _reader.ReadU16());
                _operation = 0;
                break;
            case DwLns.NegateStmt or DwLns.SetBasicBlock or DwLns.SetPrologueEnd or DwLns.SetEpilogueBegin:
                break;
            case DwLns.SetColumn or DwLns.SetIsa:
                _reader.SkipLeb128();
                break;
            default:
                for (int operands = _header.OpcodeLengths[opcode]; operands > 0; operands--)
                {
                    _reader.SkipLeb128();
                }

                break;
        }
    }

    private void Extended()
    {
        ulong length = _reader.ReadUleb128();
        if (length == 0)
        {
            return;
        }

        if (length > (ulong)_reader.Remaining)
        {
            _reader.Fail(MalformedReason.Truncated);
            return;
        }

        ulong next = (ulong)_reader.Position + length;
        switch ((DwLne)_reader.ReadU8())
        {
            case DwLne.EndSequence:
                EndSequence();
                break;
            case DwLne.SetAddress when length - 1 <= sizeof(ulong) && DwarfEncoding.IsAddressSize((int)length - 1):
                MoveTo(_reader.ReadUnsigned((int)length - 1));
                break;
            case DwLne.DefineFile:
                _header.DefineFile(ref _reader);
                break;
            default:
                break; // discriminators and what vendors add
        }

        _reader.Seek(next);
    }

    private void EndSequence()
    {
        _table.EndSequence(_isDead ? 0 : _code.Relative(_address));
        Reset();
    }

    private void Append()
    {
        if (_isDead)
        {
            return;
        }

        if (_table.RowCount >= _rowLimit)
        {
            _reader.Fail(MalformedReason.CountOverLimit);
            return;
        }

        _table.Add(_code.Relative(_address), _file, _line);
    }

    private bool HasLineRange()
    {
        if (_header.LineRange != 0)
        {
            return true;
        }

        _reader.Fail(MalformedReason.BadValue);
        return false;
    }

    /// <summary>Advances by operations, of which an instruction of a VLIW machine holds several (DWARF5 §6.2.5.1).</summary>
    private void Advance(ulong operations)
    {
        ulong instructions = operations;
        if (_header.MaximumOperations > 1)
        {
            ulong total = unchecked(_operation + operations);
            instructions = total / _header.MaximumOperations;
            _operation = (uint)(total % _header.MaximumOperations);
        }

        _address = _encoding.Add(_address, unchecked(instructions * _header.MinimumInstructionLength));
    }
}
