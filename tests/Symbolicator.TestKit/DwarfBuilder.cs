using Symbolicator.Formats.Core;
using Symbolicator.Formats.Dwarf;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.TestKit;

/// <summary>
/// Assembles DWARF sections by hand. Tags, attributes, forms and opcodes are plain numbers of the specification, so
/// that a reader's own constants are tested along with it.
/// </summary>
public sealed class DwarfBuilder(int version = 5, int addressSize = 8, bool is64 = false, bool bigEndian = false)
{
    public ByteBuilder Info { get; } = new(bigEndian);

    public ByteBuilder Types { get; } = new(bigEndian);

    public ByteBuilder Abbrevs { get; } = new(bigEndian);

    public ByteBuilder Line { get; } = new(bigEndian);

    public ByteBuilder LineStr { get; } = new(bigEndian);

    public ByteBuilder Str { get; } = new(bigEndian);

    public ByteBuilder StrOffsets { get; } = new(bigEndian);

    public ByteBuilder Addr { get; } = new(bigEndian);

    public ByteBuilder Ranges { get; } = new(bigEndian);

    public ByteBuilder RngLists { get; } = new(bigEndian);

    /// <summary>Adds an abbreviation. <paramref name="attributes"/> are pairs of attribute and form.</summary>
    public DwarfBuilder Abbrev(int code, int tag, bool children, params int[] attributes)
    {
        Abbrevs.Uleb((ulong)code).Uleb((ulong)tag).U8(children ? 1 : 0);
        foreach (int number in attributes)
        {
            Abbrevs.Uleb((ulong)number);
        }

        Abbrevs.U8(0).U8(0);
        return this;
    }

    /// <summary>Adds a unit whose header agrees with the builder; <paramref name="entries"/> writes what follows.</summary>
    public DwarfBuilder Unit(Action<ByteBuilder> entries, int abbrevOffset = 0, int unitType = 1)
    {
        WithUnitLength(Info, unit =>
        {
            unit.U16(version);
            if (version >= 5)
            {
                unit.U8(unitType).U8(addressSize).Word((ulong)abbrevOffset, is64);
            }
            else
            {
                unit.Word((ulong)abbrevOffset, is64).U8(addressSize);
            }

            entries(unit);
        });
        return this;
    }

    /// <summary>Adds a line program with one directory and files in it.</summary>
    public DwarfBuilder LineProgram(
        Action<ByteBuilder> opcodes, string directory = "/dir", string[]? files = null, int opcodeBase = 13,
        int minimumLength = 1, int operations = 1, int lineBase = -5, int lineRange = 14)
    {
        files ??= ["a.c", "b.c"];
        WithUnitLength(Line, line =>
        {
            line.U16(version);
            if (version >= 5)
            {
                line.U8(addressSize).U8(0);
            }

            line.WithLength(is64 ? 8 : 4, header =>
            {
                header.U8(minimumLength);
                if (version >= 4)
                {
                    header.U8(operations);
                }

                header.U8(1).S8(lineBase).U8(lineRange).U8(opcodeBase);
                for (int opcode = 1; opcode < opcodeBase; opcode++)
                {
                    header.U8(opcode switch { 2 or 3 or 4 or 5 or 9 or 12 => 1, > 12 => 2, _ => 0 });
                }

                if (version >= 5)
                {
                    header.U8(1).Uleb(1).Uleb(0x08).Uleb(1).CString(directory);
                    header.U8(2).Uleb(1).Uleb(0x08).Uleb(2).Uleb(0x0b).Uleb((ulong)files.Length);
                    foreach (string file in files)
                    {
                        header.CString(file).U8(0);
                    }
                }
                else
                {
                    header.CString(directory).U8(0);
                    foreach (string file in files)
                    {
                        header.CString(file).Uleb(1).Uleb(0).Uleb(0);
                    }

                    header.U8(0);
                }
            });
            opcodes(line);
        });
        return this;
    }

    /// <summary>DW_LNE_set_address.</summary>
    public ByteBuilder SetAddress(ByteBuilder line, ulong address) =>
        line.U8(0).Uleb((ulong)addressSize + 1).U8(2).Unsigned(address, addressSize);

    /// <summary>DW_LNS_advance_pc and DW_LNE_end_sequence.</summary>
    public static ByteBuilder EndSequence(ByteBuilder line, ulong advance) =>
        line.U8(2).Uleb(advance).U8(0).U8(1).U8(1);

    /// <summary>DW_LNS_advance_pc, DW_LNS_advance_line and DW_LNS_copy.</summary>
    public static ByteBuilder Row(ByteBuilder line, ulong advance, int lines) =>
        line.U8(2).Uleb(advance).U8(3).Sleb(lines).U8(1);

    /// <summary>The sections, in memory.</summary>
    /// <param name="imageBase">Base of relative addresses.</param>
    /// <param name="code">Where code can be, absolute; unknown when absent.</param>
    /// <param name="zeroIsValid">Address 0 is a place.</param>
    /// <param name="mutate">Changes the bytes of a section, by its name.</param>
    public DwarfSections Sections(
        ulong imageBase = 0, AddressRange? code = null, bool zeroIsValid = false, Func<string, byte[], byte[]>? mutate = null)
    {
        Section Section(string name, ByteBuilder bytes)
        {
            byte[] array = bytes.ToArray();
            array = mutate is null ? array : mutate(name, array);
            return new Section(new MemoryFileBytes(array), new ByteRange(0, array.Length));
        }

        return new DwarfSections
        {
            BigEndian = bigEndian,
            AddressSize = addressSize,
            ImageBase = imageBase,
            ZeroIsValid = zeroIsValid,
            Code = code is { } range ? [range] : [],
            Info = Section("info", Info),
            Types = Section("types", Types),
            Abbrev = Section("abbrev", Abbrevs),
            Line = Section("line", Line),
            LineStr = Section("line_str", LineStr),
            Str = Section("str", Str),
            StrOffsets = Section("str_offsets", StrOffsets),
            Addr = Section("addr", Addr),
            Ranges = Section("ranges", Ranges),
            RngLists = Section("rnglists", RngLists),
        };
    }

    private void WithUnitLength(ByteBuilder section, Action<ByteBuilder> content)
    {
        if (is64)
        {
            section.U32(0xffffffff).WithLength(8, content);
        }
        else
        {
            section.WithLength(4, content);
        }
    }
}
