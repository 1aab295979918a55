using Symbolicator.Formats.Archives;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Minidump;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pdb;
using Symbolicator.Formats.Unwind;
using Symbolicator.SymCache;

namespace Symbolicator.Fuzz;

/// <summary>A reader under test: which files are for it, and everything that it can be asked about one.</summary>
internal sealed record Target(string Name, Func<byte[], bool> Takes, Action<byte[]> Read)
{
    private const int Samples = 96;

    public static IReadOnlyList<Target> All { get; } =
    [
        new("object", bytes => bytes.AsSpan().StartsWith("\u007fELF"u8), ReadObject),
        new("pe", bytes => bytes.AsSpan().StartsWith("MZ"u8), ReadObject),
        new("breakpad", bytes => bytes.AsSpan().StartsWith("MODULE "u8), ReadObject),
        new("pdb", bytes => bytes.AsSpan().StartsWith("Microsoft C/C++ MSF"u8), ReadPdb),
        new("minidump", bytes => bytes.AsSpan().StartsWith("MDMP"u8) || bytes.AsSpan().StartsWith("PMDM"u8), ReadMinidump),
        new("symcache", bytes => bytes.AsSpan().StartsWith("SCF1"u8), ReadSymCache),
        new("unpacker", bytes => Unpacker.Probe(bytes) is not (CompressionKind.None or CompressionKind.Cab), ReadCompressed),
        new("cabinet", bytes => Unpacker.Probe(bytes) == CompressionKind.Cab, ReadCompressed),
    ];

    private static void ReadPdb(byte[] bytes)
    {
        using var file = new MemoryFileBytes(bytes);
        foreach (var image in ObjectFormats.Open(file))
        {
            using (image)
            {
                ReadObject(image);
                var pdb = (PdbObject)image;
                pdb.ReadSourceLink()?.TryGetUrl("C:\\src\\file.cpp", out _);
                pdb.ReadSourceServer()?.TryFind("C:\\src\\file.cpp", out _);
            }
        }
    }

    private static void ReadObject(byte[] bytes)
    {
        using var file = new MemoryFileBytes(bytes);
        foreach (var image in ObjectFormats.Open(file))
        {
            using (image)
            {
                ReadObject(image);
            }
        }
    }

    private static void ReadObject(IObjectFile image)
    {
        var names = new InternPool();
        var addresses = new List<ulong> { 0, 1, 0x1000, uint.MaxValue, 1UL << 32, ulong.MaxValue };
        for (ulong i = 0; i < Samples / 2; i++)
        {
            addresses.Add(0x1000 + (i * 0x113)); // where images have code
        }

        var symbols = image.OpenSymbols(names);
        while (symbols.TryReadNext(out var symbol))
        {
            Remember(addresses, symbol.Address);
        }

        try
        {
            using var session = image.OpenDebugSession(names);
            var function = new FunctionBuffer();
            while (session is not null && session.TryReadNext(function))
            {
                foreach (var range in function.Ranges)
                {
                    Require(!range.IsEmpty, "a function has an empty range");
                    Remember(addresses, range.Start);
                    Remember(addresses, range.End - 1);
                }
            }
        }
        catch (MalformedFileException)
        {
            // documented: the other parts of the image are still good
        }

        Unwind(image, addresses);
        using var built = new MemoryStream();
        SymCacheBuilder.Build(image, built, SymCacheOptions.Default, ParseLimits.Default, CancellationToken.None);
        using var cache = SymCacheFile.Open(new MemoryFileBytes(built.ToArray()));
        cache.Verify();
        Look(cache, addresses);
    }

    private static void Unwind(IObjectFile image, List<ulong> addresses)
    {
        if (image.OpenUnwindTable() is not { } table)
        {
            return;
        }

        var registers = default(RegisterState);
        for (int i = 0; i < RegisterState.Capacity; i++)
        {
            registers.Set(i, 0x1000 + ((ulong)i * 64));
        }

        var memory = new Pattern();
        int programCounter = CpuProfile.For(image.Arch.Family())?.ProgramCounter ?? 0;
        foreach (ulong address in addresses)
        {
            var frame = new UnwindFrame(address, 0x40_0000, 4);
            table.Step(frame, registers, memory, out _);
            var interrupted = registers;
            interrupted.Set(programCounter, unchecked(frame.LoadAddress + address));
            table.Step(frame, interrupted, memory, out _);
            table.Describe(address);
        }
    }

    private static void ReadMinidump(byte[] bytes)
    {
        using var file = new MemoryFileBytes(bytes);
        using var dump = MinidumpFile.Open(file, ParseLimits.Default);
        foreach (var property in typeof(MinidumpFile).GetProperties())
        {
            Unwrap(() => property.GetValue(dump));
        }

        foreach (var thread in dump.Threads)
        {
            dump.ThreadName(thread.Id);
            dump.IsDumpThread(thread);
        }

        Walk(dump);
    }

    /// <summary>Reflection wraps what a property throws.</summary>
    private static void Unwrap(Action read)
    {
        try
        {
            read();
        }
        catch (System.Reflection.TargetInvocationException wrapped)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(wrapped.InnerException!);
        }
    }

    private static void Walk(MinidumpFile dump)
    {
        var threads = new List<WalkThread>();
        foreach (var thread in dump.Threads.Take(Samples))
        {
            threads.Add(new WalkThread
            {
                Id = thread.Id,
                Registers = dump.ContextOf(thread)?.Registers ?? default,
                Memory = dump.Memory,
                StackStart = thread.StackStart,
                StackEnd = thread.StackStart > ulong.MaxValue - thread.StackSize ? ulong.MaxValue : thread.StackStart + thread.StackSize,
            });
        }

        var modules = dump.Modules.Select((m, i) => new WalkModule(i, m.Address, m.LastAddress)).ToList();
        var walker = new StackWalker(dump.Cpu, modules, threads, new WalkOptions { System = WalkSystem.Linux });
        var known = new ModuleTables();
        while (walker.Advance(known, CancellationToken.None) is WalkOutcome.NeedsModules needs)
        {
            foreach (int module in needs.UnwindTables)
            {
                known.SetUnwindTable(module, null);
            }

            foreach (int module in needs.Symbols)
            {
                known.SetSymbols(module, null);
            }
        }
    }

    private static void ReadSymCache(byte[] bytes)
    {
        using var cache = SymCacheFile.Open(new MemoryFileBytes(bytes));
        var addresses = new List<ulong> { 0, 1, 0x1000, uint.MaxValue, 1UL << 32, ulong.MaxValue };
        foreach (var function in cache.Functions)
        {
            Remember(addresses, function.Entry);
        }

        foreach (var row in cache.Rows)
        {
            Remember(addresses, row.Start);
        }

        Look(cache, addresses);
    }

    private static void Look(SymCacheFile cache, List<ulong> addresses)
    {
        foreach (ulong address in addresses)
        {
            cache.HasSymbolAt(address);
            foreach (var frame in cache.Lookup(address))
            {
                cache.GetFunctionName(frame.FunctionId);
                cache.GetPath(frame.FileId);
            }
        }
    }

    private static void ReadCompressed(byte[] bytes)
    {
        using var file = new MemoryFileBytes(bytes);
        Unpacker.Unpack(file, Stream.Null, new UnpackLimits { Bytes = 1L << 30 });
    }

    private static void Remember(List<ulong> addresses, ulong address)
    {
        if (addresses.Count < Samples)
        {
            addresses.Add(address);
        }
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    /// <summary>Memory that has something at every address.</summary>
    private sealed class Pattern : IMemoryView
    {
        public bool TryRead(ulong address, Span<byte> destination)
        {
            for (int i = 0; i < destination.Length; i++)
            {
                destination[i] = unchecked((byte)((address + (ulong)i) * 37));
            }

            return true;
        }

        public bool TryReadUnsigned(ulong address, int size, out ulong value)
        {
            value = unchecked(address * 0x9e37_79b9) >> (64 - (8 * size));
            return true;
        }
    }
}
