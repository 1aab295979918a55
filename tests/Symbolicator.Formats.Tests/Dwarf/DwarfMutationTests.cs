using Symbolicator.Formats.Core;
using Symbolicator.Formats.Dwarf;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Dwarf;

/// <summary>Damage to any section costs functions, never more.</summary>
public sealed class DwarfMutationTests
{
    private static readonly string[] Names =
        ["info", "types", "abbrev", "line", "line_str", "str", "str_offsets", "addr", "ranges", "rnglists"];

    [Theory]
    [InlineData("dwarf-gcc-types-v4")]
    [InlineData("dwarf-gc-lld-v5")]
    [InlineData("dwarf-clang-64bit")]
    [InlineData("dwarf-s390x")]
    [InlineData("dwarf-clang-lto")]
    public void Damaged_sections_are_contained(string fixture)
    {
        using var file = new MemoryFileBytes(Fixture.Bytes($"elf/{fixture}.so"));
        using var image = (Formats.Elf.ElfObject)ObjectFormats.Open(file).Single();
        var sound = image.DebugSections()!;
        foreach (string name in Names)
        {
            var section = Get(sound, name);
            if (section.IsEmpty || !section.TryWindow(0, (ulong)section.Length, out var bytes))
            {
                continue;
            }

            Mutator.Run(
                Mutator.Mutations(bytes.ToArray(), headerBytes: 48, random: 150, keep: 0),
                damaged => ReadAll(With(sound, name, damaged)));
        }
    }

    private static void ReadAll(DwarfSections sections)
    {
        using var session = new DwarfDebugSession(sections, new InternPool(), ParseLimits.Default, new FaultLog());
        var buffer = new FunctionBuffer();
        while (session.TryReadNext(buffer))
        {
            Check(buffer);
        }
    }

    /// <summary>What <see cref="FunctionBuffer"/> promises, for damaged input too.</summary>
    private static void Check(FunctionBuffer buffer)
    {
        Assert.NotEmpty(buffer.Ranges);
        for (int i = 0; i < buffer.Ranges.Count; i++)
        {
            Assert.False(buffer.Ranges[i].IsEmpty);
            Assert.True(i == 0 || buffer.Ranges[i].Start > buffer.Ranges[i - 1].End);
        }

        for (int i = 0; i < buffer.Lines.Count; i++)
        {
            Assert.True(i == 0 || buffer.Lines[i].Address >= buffer.Lines[i - 1].Address);
            Assert.Contains(buffer.Ranges, r => r.Contains(buffer.Lines[i].Address));
        }

        int depth = -1;
        foreach (var site in buffer.Inlines)
        {
            Assert.InRange(site.Depth, 0, depth + 1);
            Assert.InRange(site.FirstRange + site.RangeCount, site.FirstRange + 1, buffer.InlineRanges.Count);
            depth = site.Depth;
        }
    }

    private static Section Get(DwarfSections sections, string name) => name switch
    {
        "info" => sections.Info,
        "types" => sections.Types,
        "abbrev" => sections.Abbrev,
        "line" => sections.Line,
        "line_str" => sections.LineStr,
        "str" => sections.Str,
        "str_offsets" => sections.StrOffsets,
        "addr" => sections.Addr,
        "ranges" => sections.Ranges,
        _ => sections.RngLists,
    };

    private static DwarfSections With(DwarfSections sections, string name, byte[] bytes)
    {
        var section = new Section(new MemoryFileBytes(bytes), new ByteRange(0, bytes.Length));
        return name switch
        {
            "info" => sections with { Info = section },
            "types" => sections with { Types = section },
            "abbrev" => sections with { Abbrev = section },
            "line" => sections with { Line = section },
            "line_str" => sections with { LineStr = section },
            "str" => sections with { Str = section },
            "str_offsets" => sections with { StrOffsets = section },
            "addr" => sections with { Addr = section },
            "ranges" => sections with { Ranges = section },
            _ => sections with { RngLists = section },
        };
    }
}
