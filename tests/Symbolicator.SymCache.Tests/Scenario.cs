using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.SymCache.Tests;

/// <summary>A random object file in a space of 256 addresses; each byte of the source decides one thing.</summary>
internal static class Scenario
{
    public const int Space = 256;

    public static FakeObjectFile Decode(byte[] choices)
    {
        int at = 0;
        int Next(int below) => at < choices.Length ? choices[at++] % below : 0;
        AddressRange Range(int start, int end)
        {
            int from = start + Next(end - start);
            return new AddressRange((ulong)from, (ulong)Math.Min(end, from + 1 + Next(48)));
        }

        var file = new FakeObjectFile { ImageSize = Next(2) == 0 ? 0UL : Space };
        int functions = Next(7);
        for (int i = 0; i < functions; i++)
        {
            var ranges = new List<AddressRange>();
            int start = Next(Space - 8);
            for (int left = 1 + Next(2); left > 0 && start < Space - 1; left--)
            {
                int end = Math.Min(Space, start + 1 + Next(64));
                ranges.Add(new AddressRange((ulong)start, (ulong)end));
                start = end + Next(8);
            }

            int low = (int)ranges[0].Start;
            int high = (int)ranges[^1].End;
            var lines = new (ulong, string?, uint)[Next(8)];
            for (int line = 0; line < lines.Length; line++)
            {
                lines[line] = ((ulong)(low + Next(high - low)), Next(5) == 0 ? null : $"/src/{Next(3)}.c", (uint)Next(4));
            }

            var inlines = new FakeInline[Next(9)];
            int depth = 0;
            for (int site = 0; site < inlines.Length; site++)
            {
                depth = site == 0 ? 0 : Next(depth + 2);
                var parts = new AddressRange[1 + Next(2)];
                for (int part = 0; part < parts.Length; part++)
                {
                    parts[part] = Range(low, high);
                }

                inlines[site] = new FakeInline(depth, $"inl{Next(4)}", Next(3) == 0 ? null : $"/src/{Next(3)}.h", (uint)Next(3), parts);
            }

            Array.Sort(lines, (left, right) => left.Item1.CompareTo(right.Item1));
            file.Functions.Add(new FakeFunction(Next(6) == 0 ? null : $"fun{Next(5)}", [.. ranges]) { Lines = lines, Inlines = inlines });
        }

        int symbols = Next(8);
        for (int i = 0; i < symbols; i++)
        {
            file.Symbols.Add(new FakeSymbol((ulong)Next(Space), (ulong)(Next(3) == 0 ? 0 : Next(32)), $"sym{Next(6)}"));
        }

        return file;
    }
}
