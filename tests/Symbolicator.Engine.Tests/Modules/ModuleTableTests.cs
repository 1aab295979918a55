using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Modules;
using Symbolicator.Engine.Sources;

namespace Symbolicator.Engine.Tests.Modules;

public sealed class ModuleTableTests
{
    [Theory]
    [InlineData(0x0fff, null)]
    [InlineData(0x1000, 0)]
    [InlineData(0x1fff, 0)]
    [InlineData(0x2000, null)]
    [InlineData(0x3000, 1)]
    [InlineData(0x30ff, 1)]
    [InlineData(0x3100, null)]
    public void A_module_covers_its_half_open_range(ulong address, int? expected) =>
        Assert.Equal(expected, Find(address, (0x1000, 0x1000), (0x3000, 0x100)));

    [Fact]
    public void The_order_of_the_request_does_not_matter()
    {
        Assert.Equal(1, Find(0x1010, (0x3000, 0x100), (0x1000, 0x1000)));
        Assert.Equal(0, Find(0x3010, (0x3000, 0x100), (0x1000, 0x1000)));
    }

    [Fact]
    public void A_missing_size_reaches_to_the_next_module_and_is_filled_in()
    {
        var table = Table((0x5000, null), (0x1000, null), (0x3000, 0));

        Assert.Equal(0x2000u, table.Entries[1].Info.ImageSize);
        Assert.Equal(0x2000u, table.Entries[2].Info.ImageSize);
        Assert.Null(table.Entries[0].Info.ImageSize);
        Assert.Equal(1, table.Find(0x2fff, AddrMode.Absolute)?.Index);
        Assert.Equal(2, table.Find(0x4fff, AddrMode.Absolute)?.Index);
    }

    [Fact]
    public void The_last_module_without_size_reaches_to_the_end_of_memory() =>
        Assert.Equal(0, Find(ulong.MaxValue, (0x1000, null)));

    [Theory]
    [InlineData(0x1000, 0)]
    [InlineData(0x1fff, 0)]
    [InlineData(0x2000, 1)]
    [InlineData(0x2fff, 1)]
    [InlineData(0x3000, 0)]
    [InlineData(0x8fff, 0)]
    [InlineData(0x9000, null)]
    public void A_nested_module_does_not_hide_the_rest_of_the_outer_one(ulong address, int? expected) =>
        Assert.Equal(expected, Find(address, (0x1000, 0x8000), (0x2000, 0x1000)));

    [Theory]
    [InlineData(0x1fff, 0)]
    [InlineData(0x2000, 1)]
    [InlineData(0x2fff, 1)]
    [InlineData(0x3000, 1)]
    [InlineData(0x4fff, 1)]
    [InlineData(0x5000, 2)]
    [InlineData(0x9fff, 2)]
    [InlineData(0xa000, null)]
    public void Of_overlapping_modules_the_one_that_starts_last_wins(ulong address, int? expected) =>
        Assert.Equal(expected, Find(address, (0x1000, 0x2000), (0x2000, 0x3000), (0x800, 0x9800)));

    [Fact]
    public void The_smaller_of_two_modules_at_one_address_wins()
    {
        Assert.Equal(1, Find(0x1010, (0x1000, 0x1000), (0x1000, 0x100)));
        Assert.Equal(0, Find(0x1100, (0x1000, 0x1000), (0x1000, 0x100)));
    }

    [Fact]
    public void A_module_that_leaves_the_address_space_covers_nothing_and_hides_nothing()
    {
        Assert.Equal(0, Find(0xffff_ffff_ffff_f800, (0xffff_ffff_ffff_0000, 0xffff), (0xffff_ffff_ffff_f000, 0x2000)));
        Assert.Equal(0, Find(ulong.MaxValue, (0xffff_ffff_ffff_f000, 0x1000)));
    }

    [Fact]
    public void The_search_agrees_with_a_plain_scan_for_random_modules()
    {
        var random = new Random(5);
        for (int round = 0; round < 300; round++)
        {
            var modules = new (ulong, ulong?)[random.Next(1, 12)];
            for (int i = 0; i < modules.Length; i++)
            {
                modules[i] = ((ulong)random.Next(1, 64), (ulong)random.Next(1, 40));
            }

            var table = Table(modules);
            for (ulong address = 0; address < 110; address++)
            {
                Assert.Equal(Scan(modules, address), table.Find(address, AddrMode.Absolute)?.Index);
            }
        }
    }

    [Fact]
    public void A_relative_address_names_its_module_whatever_its_range()
    {
        var table = Table((0x1000, 0x10), (0, null));

        Assert.Equal(0, table.Find(0x999999, AddrMode.Relative(0))?.Index);
        Assert.Equal(1, table.Find(5, AddrMode.Relative(1))?.Index);
        Assert.Null(table.Find(5, AddrMode.Relative(2)));
        Assert.Null(table.Find(5, AddrMode.Relative(uint.MaxValue)));
    }

    [Fact]
    public void A_module_at_zero_has_only_relative_addresses()
    {
        var entry = Table((0, 0x1000)).Find(0x10, AddrMode.Absolute)!;

        Assert.False(entry.TryGetRelative(0x10, AddrMode.Absolute, out _));
        Assert.True(entry.TryGetRelative(0x10, AddrMode.Relative(0), out ulong rva));
        Assert.Equal(0x10u, rva);
    }

    [Fact]
    public void An_absolute_address_is_relative_to_the_image()
    {
        var entry = Table((0x1000, 0x1000)).Entries[0];

        Assert.True(entry.TryGetRelative(0x1010, AddrMode.Absolute, out ulong rva));
        Assert.Equal(0x10u, rva);
        Assert.False(entry.TryGetRelative(0xfff, AddrMode.Absolute, out _));
        Assert.True(entry.TryGetRelative(0x20, AddrMode.Relative(0), out rva));
        Assert.Equal(0x20u, rva);
    }

    [Fact]
    public void A_request_without_modules_covers_nothing() => Assert.Null(Find(0x1000));

    private static int? Scan((ulong Start, ulong? Size)[] modules, ulong address)
    {
        int? best = null;
        for (int i = 0; i < modules.Length; i++)
        {
            var (start, size) = modules[i];
            if (address < start || address >= start + size)
            {
                continue;
            }

            if (best is not { } b || start > modules[b].Start || (start == modules[b].Start && size <= modules[b].Size))
            {
                best = i;
            }
        }

        return best;
    }

    private static int? Find(ulong address, params (ulong Start, ulong? Size)[] modules) =>
        Table(modules).Find(address, AddrMode.Absolute)?.Index;

    private static ModuleTable Table(params (ulong Start, ulong? Size)[] modules) =>
        new([.. modules.Select(m => new ModuleInfo { Type = ObjectType.Elf, ImageAddr = m.Start, ImageSize = m.Size })]);
}
