using System.Buffers.Binary;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Elf;

/// <summary>What kind of evidence a symbol is for a function at its address.</summary>
internal enum ElfSymbolRank : byte
{
    /// <summary>Typed as function, with a size.</summary>
    Function,

    /// <summary>Typed as function, without a size: it reaches to the next one.</summary>
    OpenFunction,

    /// <summary>An untyped symbol in code that other objects can see: an entry of an assembler source.</summary>
    GlobalLabel,

    /// <summary>An untyped symbol in code, visible in its own source only; often just a place inside a routine.</summary>
    LocalLabel,
}

/// <summary>A symbol of code, cleaned of what the CPU's conventions add to its value.</summary>
/// <param name="Address">Absolute address.</param>
/// <param name="Size">Size as stated, cut at <paramref name="Limit"/>; 0 when none is stated.</param>
/// <param name="Limit">End of the code that contains it.</param>
/// <param name="Rank">How it counts against others.</param>
/// <param name="Name">Offset of the name.</param>
internal readonly record struct ElfCodeSymbol(ulong Address, ulong Size, ulong Limit, ElfSymbolRank Rank, uint Name);

/// <summary>
/// The symbol tables of one object and the rules that tell which entries are code (gABI "Symbol Table", AAELF §5.5,
/// 64-bit PowerPC ELF ABI §3.2.5). Immutable.
/// </summary>
internal sealed class ElfSymbols
{
    private readonly ElfEncoding _encoding;
    private readonly ParseLimits _limits;
    private readonly ElfMachine _machine;
    private readonly ElfSections _sections;
    private readonly ElfCode _code;
    private readonly ulong _imageBase;
    private readonly bool _isRelocatable;
    private readonly int _descriptorSection;
    private readonly Section _descriptors;

    public ElfSymbols(
        in ElfHeader header, ElfEncoding encoding, ParseLimits limits, ElfSections sections, ElfCode code, ulong imageBase,
        IReadOnlyList<ElfSymbolTable> tables)
    {
        _encoding = encoding;
        _limits = limits;
        _machine = header.Machine;
        _sections = sections;
        _code = code;
        _imageBase = imageBase;
        _isRelocatable = header.Type == ElfType.Relocatable;
        Tables = tables;
        _descriptorSection = -1;
        if (header.Machine == ElfMachine.Ppc64 && (header.Flags & ElfConstants.Ppc64AbiMask) <= 1)
        {
            _descriptorSection = sections.FindHeader(".opd"u8);
            if (_descriptorSection >= 0 && sections.TryRead(_descriptorSection, out var descriptors, out _))
            {
                _descriptors = descriptors;
            }
        }
    }

    /// <summary>The static table in front of the dynamic one.</summary>
    public IReadOnlyList<ElfSymbolTable> Tables { get; }

    public ulong ImageBase => _imageBase;

    public ReadOnlySpan<byte> Name(in ElfSymbolTable table, uint offset, ref long budget) =>
        table.Name(offset, _limits, ref budget);

    /// <summary>Reads an entry; false when it is not code.</summary>
    public bool TryReadCode(in ElfSymbolTable table, long index, out ElfCodeSymbol code)
    {
        code = default;
        if (!table.TryRead(index, _encoding, out var symbol)
            || symbol.Type is not (ElfSymbolType.Function or ElfSymbolType.IndirectFunction or ElfSymbolType.None)
            || symbol.Section == 0 // SHN_UNDEF
            || symbol.Name == 0)
        {
            return false;
        }

        bool isFunction = symbol.Type != ElfSymbolType.None;
        if (!TryLocate(symbol, isFunction, out ulong address, out ulong limit) || address < _imageBase)
        {
            return false;
        }

        ulong size = Math.Min(symbol.Size, limit - address);
        if (isFunction)
        {
            code = new ElfCodeSymbol(
                address, size, limit, size == 0 ? ElfSymbolRank.OpenFunction : ElfSymbolRank.Function, symbol.Name);
            return true;
        }

        if (IsMarker(table.Prefix(symbol.Name, 3)))
        {
            return false;
        }

        var rank = symbol.Binding == ElfSymbolBinding.Local ? ElfSymbolRank.LocalLabel : ElfSymbolRank.GlobalLabel;
        code = new ElfCodeSymbol(address, size, limit, rank, symbol.Name);
        return true;
    }

    /// <summary>Mapping symbols ($a, $t, $d, $x, also with a suffix), compiler labels (.L…) and marks of annobin are no names of code.</summary>
    private static bool IsMarker(ReadOnlySpan<byte> name) =>
        name.IsEmpty || name[0] is 0 or (byte)'.'
        || (name.Length == 3 && name[0] == '$' && "atdx"u8.Contains(name[1]) && (name[2] is 0 or (byte)'.'));

    private bool TryLocate(in ElfSymbol symbol, bool isFunction, out ulong address, out ulong limit)
    {
        address = symbol.Value;
        limit = 0;
        if (symbol.Section is ElfConstants.SectionIndexAbsolute or ElfConstants.SectionIndexCommon)
        {
            return false;
        }

        if (isFunction && _machine is ElfMachine.Arm or ElfMachine.Mips or ElfMachine.MipsLittleEndian)
        {
            address &= ~1UL; // the lowest bit selects the instruction set (Thumb, MIPS16, microMIPS)
        }

        var sections = _sections.All;
        if (symbol.Section == _descriptorSection)
        {
            return isFunction && TryReadDescriptor(ref address) && TryLocateByAddress(address, out limit);
        }

        if (symbol.Section >= ElfConstants.SectionIndexReserved || symbol.Section >= sections.Length)
        {
            return TryLocateByAddress(address, out limit);
        }

        ref readonly var section = ref sections[symbol.Section];
        if (_isRelocatable)
        {
            address = ElfAddress.End(section.Address, address);
        }

        limit = section.End;
        return section.IsCode && address >= section.Address && address < limit;
    }

    private bool TryLocateByAddress(ulong address, out ulong limit)
    {
        bool found = _code.TryFind(address, out var range);
        limit = range.End;
        return found;
    }

    /// <summary>The symbol names a descriptor, whose first word is the address of the code.</summary>
    private bool TryReadDescriptor(ref ulong address)
    {
        if (address < _descriptors.Address
            || !_descriptors.TryWindow(address - _descriptors.Address, sizeof(ulong), out var descriptor))
        {
            return false;
        }

        address = _encoding.BigEndian
            ? BinaryPrimitives.ReadUInt64BigEndian(descriptor)
            : BinaryPrimitives.ReadUInt64LittleEndian(descriptor);
        return true;
    }
}
