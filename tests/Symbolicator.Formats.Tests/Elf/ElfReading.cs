using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Tests.Elf;

/// <summary>Reads everything that an object offers.</summary>
internal static class ElfReading
{
    public static IObjectFile Open(byte[] bytes, ParseLimits? limits = null)
    {
        using var file = new MemoryFileBytes(bytes);
        return Assert.Single(ObjectFormats.Open(file, limits));
    }

    /// <summary>Symbols by absolute address, size and name.</summary>
    public static List<(ulong Address, ulong Size, string Name)> Symbols(IObjectFile image)
    {
        var names = new InternPool();
        var cursor = image.OpenSymbols(names);
        var symbols = new List<(ulong, ulong, string)>();
        while (cursor.TryReadNext(out var symbol))
        {
            symbols.Add((image.ImageBase + symbol.Address, symbol.Size, Encoding.UTF8.GetString(names.Get(symbol.Name))));
        }

        return symbols;
    }

    /// <summary>Opens, streams symbols and functions, opens the unwind table.</summary>
    public static void ReadAll(byte[] bytes)
    {
        using var image = Open(bytes);
        Symbols(image);
        image.OpenUnwindTable();
        var into = new FunctionBuffer();
        using var session = image.OpenDebugSession(new InternPool());
        while (session?.TryReadNext(into) == true)
        {
            // every row is read by the session itself
        }
    }
}
