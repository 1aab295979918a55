using System.Globalization;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Dwarf.Frames;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Tests.Dwarf.Frames;
using Symbolicator.Formats.Unwind;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Unwind;

/// <summary>A real crash inside a signal handler, register by register against gdb (tests/fixtures/tools/gdb-frames.py).</summary>
public sealed class RealStackTests
{
    [Theory]
    [InlineData("amd64", CpuFamily.Amd64, 0x40_0000UL)]
    [InlineData("x86", CpuFamily.X86, 0x804_8000UL)]
    public void Registers_of_every_frame_are_those_of_gdb(string name, CpuFamily family, ulong start)
    {
        var cpu = CpuProfile.For(family)!;
        var (frames, memory) = Read(Fixture.Oracle($"elf/unwind-core-{name}.txt"), cpu);
        byte[] image = Fixture.Bytes($"elf/unwind-core-{name}");
        memory.Add(start, image);
        var sections = FrameFixture.Open(Fixture.Path($"elf/unwind-core-{name}"), family) with { ImageBase = start };
        var known = new ModuleTables();
        known.SetUnwindTable(0, DwarfFrameTable.Open(sections, ParseLimits.Default, new FaultLog()));
        var walker = new StackWalker(
            family,
            [new WalkModule(0, start, start + 0x1_0000)],
            [new WalkThread { Id = 1, Registers = frames[0].Registers, Memory = memory }],
            new WalkOptions { System = WalkSystem.Linux, KeepRegisters = true });
        var outcome = walker.Advance(known, TestContext.Current.CancellationToken);
        var walked = Assert.Single(Assert.IsType<WalkOutcome.Completed>(outcome).Threads);

        Assert.Equal(WalkEnd.EndOfStack, walked.End);
        Assert.Equal(frames.Select(f => f.Registers.GetOrZero(cpu.ProgramCounter)), walked.Frames.Select(f => f.InstructionAddress));
        Assert.Equal(frames.Select(f => f.IsSignal), walked.Frames.Select(f => f.IsSignalTrampoline));
        Assert.All(walked.Frames.Skip(1), f => Assert.Equal(FrameTrust.Cfi, f.Trust));
        for (int i = 0; i < frames.Count; i++)
        {
            for (int register = 0; register < RegisterState.Capacity; register++)
            {
                if (frames[i].Registers.TryGet(register, out ulong expected))
                {
                    Assert.True(
                        walked.Registers[i].TryGet(register, out ulong actual) && actual == expected,
                        $"frame {i}, {cpu.RegisterNames[register]}: {actual:x}, gdb says {expected:x}");
                }
            }
        }
    }

    private static (List<(bool IsSignal, RegisterState Registers)> Frames, FakeMemory Memory) Read(string[] lines, CpuProfile cpu)
    {
        var frames = new List<(bool IsSignal, RegisterState Registers)>();
        int at = 0;
        for (; !lines[at].StartsWith("stack ", StringComparison.Ordinal); at++)
        {
            string[] words = lines[at].TrimEnd().Split(' ');
            if (words[0] == "frame")
            {
                frames.Add((words[^1] == "signal", default));
                continue;
            }

            var (isSignal, registers) = frames[^1];
            registers.Set(cpu.IndexOf(words[0]), ulong.Parse(words[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            frames[^1] = (isSignal, registers);
        }

        ulong stack = ulong.Parse(lines[at][6..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (frames, new FakeMemory().Add(stack, Convert.FromHexString(string.Concat(lines[(at + 1)..]))));
    }
}
