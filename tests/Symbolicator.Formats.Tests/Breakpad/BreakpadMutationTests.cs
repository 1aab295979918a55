using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Breakpad;

public sealed class BreakpadMutationTests
{
    private static readonly BreakpadBuilder Linux = new BreakpadBuilder().Module().Line("INFO CODE_ID F1C3BCC0279865FE")
        .File(0, "/src/a.c").File(1, "/src/b.c").Origin(0, "inlined(int)").Origin(1, "deeper")
        .Func(0x1000, 0x100, "f(int, char)").Inline(0, 3, 0, 0, (0x1010, 0x20), (0x1080, 0x10)).Inline(1, 4, 1, 1, (0x1018, 8))
        .Row(0x1000, 0x10, 1, 0).Row(0x1010, 0xf0, 2, 1).Func(0x2000, 0, "open").Public(0x3000, "p")
        .CfiInit(0x1000, 0x100, ".cfa: $rsp 8 + .ra: .cfa -8 + ^").Cfi(0x1010, ".cfa: $rsp 16 + $rbx: .cfa 16 - ^")
        .Cfi(0x1020, "$rbx: $rbx 8 @ 3 / 7 % 2 *");

    private static readonly BreakpadBuilder Windows = new BreakpadBuilder().Module("windows", "x86").Func(0x1000, 0x40, "w")
        .FrameData(0x1000, 0x40, "$T0 .raSearch = $eip $T0 ^ = $esp $T0 4 + = $20 $T0 4 - ^ =", 8, 4, 0xc).FrameData(0x1010, 8, "$eip 1 = $esp 2 =")
        .Fpo(0x2000, 0x30, 4, 8, 0x10, usesBasePointer: true);

    [Fact]
    public void Damage_to_a_file_with_call_frame_information_is_contained() =>
        Mutator.Run(Mutator.Mutations(Linux.ToBytes(), headerBytes: 128, random: 1500, keep: 7), SymbolFile.ReadAll);

    [Fact]
    public void Damage_to_a_file_with_frame_programs_is_contained() =>
        Mutator.Run(Mutator.Mutations(Windows.ToBytes(), headerBytes: 128, random: 1500, keep: 7), SymbolFile.ReadAll);
}
