using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Dwarf;

/// <summary>What the reader does with entries of an abbreviation.</summary>
internal enum EntryKind : byte
{
    /// <summary>Passed over; its children are looked at.</summary>
    Other,
    Function,
    InlinedCall,
    Unit,
}

/// <summary>An abbreviation, compiled to the steps that pass over an entry and, for kept kinds, that read it.</summary>
internal readonly record struct Abbrev(
    DwTag Tag, EntryKind Kind, bool HasChildren, int FirstSkip, int SkipCount, int FirstRead, int ReadCount);

/// <summary>
/// One step through an entry's values: <paramref name="Size"/> bytes of several unwanted values at once, or a single
/// value of a form.
/// </summary>
/// <param name="Form">None for a run of bytes.</param>
/// <param name="Slot">Where the value goes.</param>
/// <param name="Size">Bytes of a run.</param>
/// <param name="ImplicitConst">Value of DW_FORM_implicit_const.</param>
internal readonly record struct EntryStep(DwForm Form, Slot Slot, int Size, long ImplicitConst);

/// <summary>
/// The abbreviations at one offset of <c>.debug_abbrev</c>, for units of one encoding (DWARF5 §7.5.3). Unwanted values
/// of fixed size are merged into one step, so that the cost of an entry depends on its bytes, never on the number of
/// its attributes: an abbreviation may declare any number of attributes without bytes.
/// </summary>
internal sealed class AbbrevTable
{
    /// <summary>Steps for each abbreviation allowed, on the average.</summary>
    private const long StepsPerAbbrev = 4;

    private readonly List<Abbrev> _abbrevs = [];
    private readonly List<EntryStep> _steps = [];
    private readonly Dictionary<ulong, int> _sparse = [];
    private readonly DwarfEncoding _encoding;
    private Abbrev[] _table = [];
    private EntryStep[] _program = [];

    private AbbrevTable(DwarfEncoding encoding) => _encoding = encoding;

    /// <summary>Bytes of the section that were read.</summary>
    public int BytesRead { get; private set; }

    /// <summary>Estimate of the memory held.</summary>
    public long Cost => (_table.Length * 32L) + (_program.Length * 16L) + (_sparse.Count * 32L) + 256;

    /// <summary>Reads a table to its end. What was read before a fault is usable.</summary>
    public static AbbrevTable Read(ref ByteReader reader, in DwarfEncoding encoding, int limit)
    {
        var table = new AbbrevTable(encoding);
        int start = reader.Position;
        while (!reader.AtEnd)
        {
            ulong code = reader.ReadUleb128();
            if (code == 0)
            {
                break;
            }

            if (table._abbrevs.Count == limit)
            {
                reader.Fail(MalformedReason.CountOverLimit);
                break;
            }

            var abbrev = table.ReadOne(ref reader, limit * StepsPerAbbrev);
            if (!reader.Fault.IsNone)
            {
                break;
            }

            table.Add(code, abbrev);
        }

        table._table = [.. table._abbrevs];
        table._program = [.. table._steps];
        table._abbrevs.Clear();
        table._abbrevs.Capacity = 0;
        table._steps.Clear();
        table._steps.Capacity = 0;
        table.BytesRead = reader.Position - start;
        return table;
    }

    /// <summary>False when the code is not in the table.</summary>
    public bool TryGet(ulong code, out Abbrev abbrev)
    {
        // Codes count from 1 in practically all tables; a code out of that order is in the dictionary.
        ulong index = unchecked(code - 1);
        if (_sparse.Count != 0)
        {
            if (!_sparse.TryGetValue(code, out int found))
            {
                abbrev = default;
                return false;
            }

            index = (ulong)found;
        }

        if (index < (ulong)_table.Length)
        {
            abbrev = _table[index];
            return true;
        }

        abbrev = default;
        return false;
    }

    /// <summary>Moves past the values of an entry.</summary>
    public void Skip(ref ByteReader reader, in Abbrev abbrev)
    {
        foreach (ref readonly var step in _program.AsSpan(abbrev.FirstSkip, abbrev.SkipCount))
        {
            if (step.Form == DwForm.None)
            {
                reader.Skip((ulong)step.Size);
            }
            else
            {
                FormReader.Skip(ref reader, step.Form, _encoding);
            }
        }
    }

    /// <summary>Reads the kept attributes of an entry; none for <see cref="EntryKind.Other"/>.</summary>
    public void Read(ref ByteReader reader, in Abbrev abbrev, out EntryAttributes values)
    {
        values = default;
        if (abbrev.Kind == EntryKind.Other)
        {
            Skip(ref reader, abbrev);
            return;
        }

        foreach (ref readonly var step in _program.AsSpan(abbrev.FirstRead, abbrev.ReadCount))
        {
            if (step.Form == DwForm.None)
            {
                reader.Skip((ulong)step.Size);
            }
            else if (step.Slot == Slot.Skipped)
            {
                FormReader.Skip(ref reader, step.Form, _encoding);
            }
            else
            {
                values[step.Slot] = FormReader.Read(ref reader, step.Form, step.ImplicitConst, _encoding);
            }
        }
    }

    private void Add(ulong code, in Abbrev abbrev)
    {
        int index = _abbrevs.Count;
        _abbrevs.Add(abbrev);
        if (_sparse.Count == 0)
        {
            if (code == (ulong)index + 1)
            {
                return;
            }

            for (int i = 0; i < index; i++)
            {
                _sparse.Add((ulong)i + 1, i);
            }
        }

        _sparse.TryAdd(code, index);
    }

    private Abbrev ReadOne(ref ByteReader reader, long maxSteps)
    {
        ulong tag = reader.ReadUleb128();
        bool hasChildren = reader.ReadU8() != 0;
        var kind = tag > ushort.MaxValue ? EntryKind.Other : KindOf((DwTag)tag);
        int attributes = reader.Position;
        int firstSkip = _steps.Count;
        Compile(ref reader, EntryKind.Other, maxSteps);
        int firstRead = _steps.Count;
        if (kind != EntryKind.Other && reader.Fault.IsNone)
        {
            reader.Seek((ulong)attributes);
            Compile(ref reader, kind, maxSteps);
        }

        return new Abbrev(
            kind == EntryKind.Other ? default : (DwTag)tag, kind, hasChildren,
            firstSkip, firstRead - firstSkip, firstRead, _steps.Count - firstRead);
    }

    /// <summary>Turns attribute specifications into steps, keeping the first of each attribute that the kind wants.</summary>
    private void Compile(ref ByteReader reader, EntryKind kind, long maxSteps)
    {
        int run = 0;
        uint taken = 0;
        while (!reader.AtEnd)
        {
            ulong attribute = reader.ReadUleb128();
            ulong form = reader.ReadUleb128();
            long implicitConst = form == (ulong)DwForm.ImplicitConst ? reader.ReadSleb128() : 0;
            if (attribute == 0 && form == 0)
            {
                break;
            }

            var knownForm = form > ushort.MaxValue ? DwForm.None : (DwForm)form;
            var slot = attribute > ushort.MaxValue ? Slot.Skipped : SlotOf((DwAt)attribute, kind);
            if (slot != Slot.Skipped && (taken & (1u << (int)slot)) != 0)
            {
                slot = Slot.Skipped;
            }

            int size = FormReader.FixedSize(knownForm, _encoding);
            if (slot == Slot.Skipped && size >= 0)
            {
                if (run > int.MaxValue - size)
                {
                    reader.Fail(MalformedReason.BadValue);
                    break;
                }

                run += size;
                continue;
            }

            FlushRun(ref run);
            if (slot != Slot.Skipped)
            {
                taken |= 1u << (int)slot;
            }

            if (_steps.Count > maxSteps)
            {
                reader.Fail(MalformedReason.CountOverLimit);
                break;
            }

            // An undefined form is met when an entry is read: a table may hold abbreviations that none uses.
            _steps.Add(new EntryStep(knownForm == DwForm.None ? (DwForm)ushort.MaxValue : knownForm, slot, 0, implicitConst));
        }

        FlushRun(ref run);
    }

    private void FlushRun(ref int run)
    {
        if (run != 0)
        {
            _steps.Add(new EntryStep(DwForm.None, Slot.Skipped, run, 0));
            run = 0;
        }
    }

    private static EntryKind KindOf(DwTag tag) => tag switch
    {
        DwTag.Subprogram => EntryKind.Function,
        DwTag.InlinedSubroutine => EntryKind.InlinedCall,
        DwTag.CompileUnit or DwTag.PartialUnit or DwTag.TypeUnit or DwTag.SkeletonUnit => EntryKind.Unit,
        _ => EntryKind.Other,
    };

    private static Slot SlotOf(DwAt attribute, EntryKind kind) => (kind, attribute) switch
    {
        (EntryKind.Other, _) => Slot.Skipped,
        (_, DwAt.Name) => Slot.Name,
        (_, DwAt.LowPc) => Slot.LowPc,
        (EntryKind.Unit, DwAt.CompDir) => Slot.CompDir,
        (EntryKind.Unit, DwAt.Language) => Slot.Language,
        (EntryKind.Unit, DwAt.LanguageName) => Slot.LanguageName,
        (EntryKind.Unit, DwAt.StmtList) => Slot.StmtList,
        (EntryKind.Unit, DwAt.StrOffsetsBase) => Slot.StrOffsetsBase,
        (EntryKind.Unit, DwAt.AddrBase or DwAt.GnuAddrBase) => Slot.AddrBase,
        (EntryKind.Unit, DwAt.RngListsBase) => Slot.RngListsBase,
        (EntryKind.Unit, _) => Slot.Skipped,
        (_, DwAt.LinkageName or DwAt.MipsLinkageName) => Slot.LinkageName,
        (_, DwAt.HighPc) => Slot.HighPc,
        (_, DwAt.Ranges) => Slot.Ranges,
        (_, DwAt.AbstractOrigin) => Slot.AbstractOrigin,
        (_, DwAt.Specification) => Slot.Specification,
        (_, DwAt.CallFile) => Slot.CallFile,
        (_, DwAt.CallLine) => Slot.CallLine,
        _ => Slot.Skipped,
    };
}
