using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pe;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Pe;

/// <summary>Reads everything that an image offers.</summary>
internal static class PeReading
{
    public static PeObject Open(byte[] bytes, ParseLimits? limits = null)
    {
        using var file = new MemoryFileBytes(bytes);
        return (PeObject)Assert.Single(ObjectFormats.Open(file, limits));
    }

    /// <summary>Symbols by address, size and name, ascending.</summary>
    public static List<(ulong Address, ulong Size, string Name)> Symbols(IObjectFile image)
    {
        var names = new InternPool();
        var cursor = image.OpenSymbols(names);
        var symbols = new List<(ulong, ulong, string)>();
        while (cursor.TryReadNext(out var symbol))
        {
            symbols.Add((symbol.Address, symbol.Size, Encoding.UTF8.GetString(names.Get(symbol.Name))));
        }

        symbols.Sort();
        return symbols;
    }

    /// <summary>Opens; streams symbols and functions; asks the unwind table at many addresses.</summary>
    public static void ReadAll(byte[] bytes)
    {
        using var image = Open(bytes);
        var symbols = Symbols(image);
        Assert.All(symbols, symbol => Assert.NotEqual(0ul, symbol.Size));
        if (image.OpenUnwindTable() is { } table)
        {
            var memory = new FakeMemory().Add(0x7000, new byte[0x1000]);
            var registers = default(RegisterState);
            for (int i = 0; i < RegisterState.Capacity; i++)
            {
                registers.Set(i, 0x7000 + (ulong)(i * 16));
            }

            for (ulong rva = 0x1000; rva < 0x4000; rva += 61)
            {
                registers.Set(16, (rva & 1) == 0 ? image.ImageBase + rva : 0);
                table.Step(new UnwindFrame(rva, image.ImageBase), registers, memory, out _);
                table.Describe(rva);
            }
        }

        using (image.ReadEmbeddedPortablePdb())
        {
            // inflated as a whole
        }

        var into = new FunctionBuffer();
        using var session = image.OpenDebugSession(new InternPool());
        while (session?.TryReadNext(into) == true)
        {
            // every row is read by the session itself
        }
    }
}
