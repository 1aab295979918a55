using System.IO.Compression;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Elf;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Elf;

/// <summary>Compressed sections: every form, the declared size both ways, the limits, large sections, sharing.</summary>
public sealed class ElfCompressionTests
{
    private const ulong Compressed = 0x800;

    [Theory]
    [InlineData("elf/sym-x64.debug-zlib")]
    [InlineData("elf/sym-x64.debug-zstd")]
    [InlineData("elf/sym-x64.debug-zlib-gnu")]
    public void Every_form_gives_the_bytes_of_the_plain_file(string name)
    {
        using var plain = Sections(Fixture.Bytes("elf/sym-x64.debug"));
        using var packed = Sections(Fixture.Bytes(name));

        foreach (string section in (string[])["info", "line", "abbrev", "str"])
        {
            Assert.Equal(plain.Read($".debug_{section}"), packed.Read($".debug_{section}") ?? packed.Read($".zdebug_{section}"));
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void Headers_follow_word_size_and_byte_order(bool is64, bool bigEndian)
    {
        byte[] content = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i / 7))];
        var elf = new ElfBuilder(is64, bigEndian);
        elf.Section(".debug_info", 1, Shf(elf, is64, 1, (ulong)content.Length, Zlib(content)), Compressed);
        using var sections = Sections(elf.Build());

        Assert.Equal(content, sections.Read(".debug_info"));
    }

    [Fact]
    public void The_gnu_form_is_known_under_any_flag_and_text_is_not_mistaken_for_it()
    {
        byte[] content = new byte[100];
        byte[] gnu = new ElfBuilder(bigEndian: true).Content().Text("ZLIB").U64(100).Bytes(Zlib(content)).ToArray();
        byte[] text = "ZLIB_VERSION is a macro, and this is no header\0"u8.ToArray();
        var elf = new ElfBuilder();
        elf.Section(".debug_info", 1, gnu);
        elf.Section(".debug_line", 1, gnu, Compressed);
        elf.Section(".debug_str", 1, text);
        using var sections = Sections(elf.Build());

        Assert.Equal(content, sections.Read(".debug_info"));
        Assert.Equal(content, sections.Read(".debug_line"));
        Assert.Equal(text, sections.Read(".debug_str"));
    }

    [Theory]
    [InlineData(999)]
    [InlineData(1001)]
    public void A_declared_size_that_is_wrong_either_way_is_corrupt(ulong declared)
    {
        var elf = new ElfBuilder();
        elf.Section(".debug_info", 1, Shf(elf, true, 1, declared, Zlib(new byte[1000])), Compressed);
        using var sections = Sections(elf.Build());

        Assert.Null(sections.Read(".debug_info"));
        Assert.Equal(MalformedReason.BadCompression, sections.Fault.Reason);
    }

    [Fact]
    public void An_unknown_kind_is_unsupported()
    {
        var elf = new ElfBuilder();
        elf.Section(".debug_info", 1, Shf(elf, true, 3, 1000, Zlib(new byte[1000])), Compressed);
        using var sections = Sections(elf.Build());

        Assert.Null(sections.Read(".debug_info"));
        Assert.Equal(MalformedReason.Unsupported, sections.Fault.Reason);
    }

    [Fact]
    public void The_size_limit_holds_at_and_one_past()
    {
        var elf = new ElfBuilder();
        elf.Section(".debug_info", 1, Shf(elf, true, 1, 1000, Zlib(new byte[1000])), Compressed);
        byte[] bytes = elf.Build();
        using var at = Sections(bytes, new ParseLimits { DecompressedSectionBytes = 1000 });
        using var past = Sections(bytes, new ParseLimits { DecompressedSectionBytes = 999 });

        Assert.Equal(1000, at.Read(".debug_info")?.Length);
        Assert.Null(past.Read(".debug_info"));
        Assert.Equal(MalformedReason.SizeOverLimit, past.Fault.Reason);
    }

    [Fact]
    public void A_size_out_of_proportion_allocates_nothing()
    {
        var elf = new ElfBuilder();
        elf.Section(".debug_info", 1, Shf(elf, true, 1, 3UL << 30, Zlib(new byte[1000])), Compressed);
        using var sections = Sections(elf.Build());
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Null(sections.Read(".debug_info"));
        Assert.Equal(MalformedReason.SizeOverLimit, sections.Fault.Reason);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
    }

    [Fact]
    public void A_large_section_is_mapped_from_a_file_and_not_held_in_memory()
    {
        byte[] content = new byte[20 << 20];
        new Random(5).NextBytes(content.AsSpan(0, 1 << 20));
        content[^1] = 7;
        var elf = new ElfBuilder();
        elf.Section(".debug_info", 1, Shf(elf, true, 1, (ulong)content.Length, Zlib(content)), Compressed);
        using var sections = Sections(elf.Build());
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool found = sections.TryRead(".debug_info", out var section);

        Assert.True(found);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
        Assert.IsType<MappedFileBytes>(section.Bytes);
        Assert.True(section.TryWindow(0, (ulong)content.Length, out var window));
        Assert.True(window.SequenceEqual(content));
        if (OperatingSystem.IsLinux())
        {
            Assert.Contains(
                File.ReadLines("/proc/self/maps"),
                l => l.Contains("symbolicator-", StringComparison.Ordinal) && l.EndsWith(" (deleted)", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Threads_share_one_inflated_copy()
    {
        var elf = new ElfBuilder();
        elf.Section(".debug_info", 1, Shf(elf, true, 1, 1 << 20, Zlib(new byte[1 << 20])), Compressed);
        using var sections = Sections(elf.Build());
        var copies = new FileBytes?[4];
        var threads = Enumerable.Range(0, copies.Length).Select(i => new Thread(() =>
        {
            sections.TryRead(".debug_info", out var section);
            copies[i] = section.Bytes;
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());

        Assert.NotNull(copies[0]);
        Assert.All(copies, c => Assert.Same(copies[0], c));
    }

    private static byte[] Zlib(byte[] content)
    {
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(content);
        }

        return packed.ToArray();
    }

    private static byte[] Shf(ElfBuilder elf, bool is64, uint kind, ulong size, byte[] stream)
    {
        var content = elf.Content().U32(kind);
        content = is64 ? content.U32(0).U64(size).U64(1) : content.U32((uint)size).U32(1);
        return content.Bytes(stream).ToArray();
    }

    private static OpenSections Sections(byte[] bytes, ParseLimits? limits = null) => new(bytes, limits ?? ParseLimits.Default);

    private sealed class OpenSections : IDisposable
    {
        private readonly MemoryFileBytes _file;
        private readonly ElfSections _sections;

        public OpenSections(byte[] bytes, ParseLimits limits)
        {
            _file = new MemoryFileBytes(bytes);
            var encoding = ElfEncoding.Read(bytes);
            var reader = new ByteReader(bytes, encoding.BigEndian);
            _sections = ElfSections.Read(_file, ElfHeader.Read(ref reader, encoding), encoding, limits, new FaultLog(), out _);
        }

        public ParseFault Fault { get; private set; }

        public bool TryRead(string name, out Section section)
        {
            section = default;
            int index = _sections.Find(System.Text.Encoding.ASCII.GetBytes(name));
            if (index < 0)
            {
                return false;
            }

            bool read = _sections.TryRead(index, out section, out var fault);
            Fault = fault;
            return read;
        }

        public byte[]? Read(string name) =>
            TryRead(name, out var section) && section.TryWindow(0, (ulong)section.Length, out var window) ? window.ToArray() : null;

        public void Dispose()
        {
            _sections.Dispose();
            _file.Dispose();
        }
    }
}
