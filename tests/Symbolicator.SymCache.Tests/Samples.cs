using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.SymCache.Tests;

/// <summary>Object files that several tests share.</summary>
internal static class Samples
{
    /// <summary>Forty functions with inlined calls and lines, and some symbols: more than one block and group of each kind.</summary>
    public static FakeObjectFile Forty()
    {
        var file = new FakeObjectFile
        {
            Name = "libforty.so",
            ImageBase = 0x400000,
            ImageSize = 0x10000,
            CodeId = CodeId.Parse("0123456789abcdef0123456789abcdef01234567"),
            DebugId = DebugId.Parse("67452301-ab89-efcd-0123-456789abcdef"),
        };
        for (uint i = 0; i < 40; i++)
        {
            ulong start = 0x1000 + (i * 0x100UL);
            file.Functions.Add(new FakeFunction($"_ZN4some9namespace8function{i:d3}Ev", new AddressRange(start, start + 0xf0))
            {
                Lines =
                [
                    (start, $"/work/src/file{i % 7}.cpp", 10 + i), (start + 0x20, "/usr/include/vector", 100),
                    (start + 0x40, $"/work/src/file{i % 7}.cpp", 20 + i), (start + 0x60, $"/work/src/file{i % 7}.cpp", 500),
                ],
                Inlines =
                [
                    new FakeInline(0, $"_ZN4some6inline{i % 5}Ev", $"/work/src/file{i % 7}.cpp", 15 + i, new AddressRange(start + 0x20, start + 0x40)),
                    new FakeInline(1, "_ZNSt6vector4sizeEv", "/work/src/inline.h", 3, new AddressRange(start + 0x28, start + 0x30)),
                ],
            });
        }

        file.Symbols.Add(new FakeSymbol(0x800, 0x20, "_init"));
        file.Symbols.Add(new FakeSymbol(0x8000, 0, "_fini"));
        return file;
    }
}
