using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pdb;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Pdb;

/// <summary>Damage to any stream or to the container costs symbols, never more.</summary>
public sealed class PdbMutationTests
{
    [Fact]
    public void Damage_of_the_container_is_contained()
    {
        byte[] file = Sample(scatter: true).Build();
        Mutator.Run(Mutator.Mutations(file, headerBytes: 64, random: 400, keep: 32), ReadAll);
    }

    [Fact]
    public void Damage_of_the_directory_is_contained()
    {
        // The directory and the list of its blocks are the last blocks of a file in order.
        byte[] file = Sample(scatter: false).Build();
        byte[] tail = file[^1024..];
        Mutator.Run(
            Mutator.Mutations(tail, headerBytes: 128, random: 200, keep: 0).Select(mutation =>
                mutation with { Bytes = [.. file[..^1024], .. mutation.Bytes] }),
            ReadAll);
    }

    [Fact]
    public void Damage_of_any_stream_is_contained()
    {
        var streams = Sample(scatter: false);
        for (int i = 1; i < streams.Streams.Count; i++)
        {
            if (streams.Streams[i] is not { Length: > 0 } sound)
            {
                continue;
            }

            var built = streams;
            int number = i;
            Mutator.Run(
                Mutator.Mutations(sound, headerBytes: 96, random: 150, seed: i, keep: 0).Select(mutation =>
                    mutation with { What = $"stream {number}: {mutation.What}", Bytes = built.Stream(number, mutation.Bytes).Build() }),
                ReadAll);
            streams.Stream(i, sound);
        }
    }

    [Fact]
    public void A_list_of_one_long_name_many_times_is_given_up()
    {
        const int Times = 200_000;
        var pdb = new PdbBuilder();
        ushort text = pdb.Section(".text", 0x1000, 0x1000);
        int record = pdb.Public(new string('x', 60_000), text, 0);
        var streams = pdb.BuildStreams();
        int publics = streams.Streams.Count - 2;
        var list = new ByteBuilder().U32(16).U32(Times * 4).Zeros(36);
        for (int i = 0; i < Times; i++)
        {
            list.U32((uint)record);
        }

        using var file = new MemoryFileBytes(streams.Stream(publics, list.ToArray()).Build());
        using var image = ObjectFormats.Open(file).Single();
        var cursor = image.OpenSymbols(new InternPool());
        int read = 0;
        while (cursor.TryReadNext(out _))
        {
            read++;
        }

        // As many entries as there is room for records, 60,016 / 16; of names sixteen times the stream and 256 bytes for
        // each entry.
        Assert.InRange(read, 1, 33);
        Assert.Equal(
            [MalformedReason.CountOverLimit, MalformedReason.StepsOverLimit],
            image.Faults.First.Select(fault => fault.Fault.Reason));
    }

    [Fact]
    public void Names_of_streams_that_share_their_text_are_given_up()
    {
        const int Count = 100_000;
        var info = new ByteBuilder().U32(20000404).U32(0).U32(1).Zeros(16).U32(Count).Fill((byte)'x', Count)
            .U32(Count).U32(Count).U32(0).U32(0);
        for (uint i = 0; i < Count; i++)
        {
            info.U32(i).U32(9);
        }

        byte[] file = new PdbBuilder().BuildStreams().Stream(1, info.ToArray()).Build();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var bytes = new MemoryFileBytes(file);
        using var image = ObjectFormats.Open(bytes).Single();

        Assert.True(image.IsMalformed);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Fact]
    public void Symbols_beyond_the_limit_are_left_out()
    {
        var pdb = new PdbBuilder();
        ushort text = pdb.Section(".text", 0x1000, 0x1000);
        for (uint i = 0; i < 5; i++)
        {
            pdb.Public($"s{i}", text, i);
        }

        using var file = new MemoryFileBytes(pdb.Build());
        using var image = ObjectFormats.Open(file, new ParseLimits { Symbols = 3 }).Single();
        var cursor = image.OpenSymbols(new InternPool());
        int read = 0;
        while (cursor.TryReadNext(out _))
        {
            read++;
        }

        Assert.Equal(3, read);
        Assert.Equal(MalformedReason.CountOverLimit, image.Faults.First.Single().Fault.Reason);
    }

    private static MsfBuilder Sample(bool scatter)
    {
        var pdb = new PdbBuilder(512) { Machine = 0x14c, Scatter = scatter };
        ushort text = pdb.Section(".text", 0x4000, 0x3000);
        pdb.ImageStream(10, PdbBuilder.SectionHeader(".text", 0x1000, 0x100));
        pdb.ImageStream(4, PdbBuilder.Omap((0x1000, 0x5000), (0x1020, 0x4000), (0x1040, 0), (0x1050, 0x5020)));
        pdb.ImageStream(0, new ByteBuilder().U32(0x1000).U32(16).U32(0).U16(0).U16(0).ToArray());
        pdb.Public("_first@4", text, 0);
        pdb.Public("?second@@YAXXZ", text, 0);
        pdb.Public("third", text, 0x50);
        pdb.Module("first.obj", PdbBuilder.Record(0x1101, [0, 0, 0, 0, (byte)'o', 0]), new byte[8], new byte[8]);
        pdb.Module("second.obj", null);
        pdb.Name("c:\\file.cpp");
        pdb.NamedStream("srcsrv", "SRCSRV: variables ---\nSRCSRVTRG=%var2%\nSRCSRV: source files ---\nc:\\x*y\n"u8.ToArray());
        pdb.NamedStream("sourcelink", """{"documents": {"c:\\a\\*": "https://host/a/*"}}"""u8.ToArray());
        return pdb.BuildStreams();
    }

    private static void ReadAll(byte[] bytes)
    {
        using var file = new MemoryFileBytes(bytes);
        using var image = (PdbObject)ObjectFormats.Open(file).Single();
        var names = new InternPool();
        var symbols = image.OpenSymbols(names);
        while (symbols.TryReadNext(out var symbol))
        {
            Assert.False(symbol.Name.IsNone);
        }

        using (var session = image.OpenDebugSession(names))
        {
            var function = new FunctionBuffer();
            while (session is not null && session.TryReadNext(function))
            {
                Assert.NotEmpty(function.Ranges);
            }
        }

        image.OpenUnwindTable()?.Describe(0x5000);
        image.ReadSourceServer()?.TryFind("c:\\x", out _);
        image.ReadSourceLink()?.TryGetUrl("c:\\a\\b", out _);
    }
}
