using Symbolicator.Formats.Model;
using Symbolicator.Formats.Unwind.Cpu;

namespace Symbolicator.Formats.Tests.Unwind;

/// <summary>Encodings as the GNU assembler writes them.</summary>
public sealed class CallCodeTests
{
    [Theory]
    [InlineData(CpuFamily.Amd64, "ffd0", true)] // call *%rax
    [InlineData(CpuFamily.Amd64, "41ffd3", true)] // call *%r11
    [InlineData(CpuFamily.Amd64, "ff13", true)] // call *(%rbx)
    [InlineData(CpuFamily.Amd64, "ff542408", true)] // call *8(%rsp)
    [InlineData(CpuFamily.Amd64, "ff14c8", true)] // call *(%rax,%rcx,8)
    [InlineData(CpuFamily.Amd64, "ff14cd34120000", true)] // call *0x1234(,%rcx,8)
    [InlineData(CpuFamily.Amd64, "ff1534120000", true)] // call *0x1234(%rip)
    [InlineData(CpuFamily.Amd64, "41ff942445230100", true)] // call *0x12345(%r12)
    [InlineData(CpuFamily.Amd64, "41ff548512", true)] // call *0x12(%r13,%rax,4)
    [InlineData(CpuFamily.Amd64, "e8fb0f0000", true)] // call .+0x1000
    [InlineData(CpuFamily.X86, "65ff142510000000", true)] // call *%gs:0x10
    [InlineData(CpuFamily.Amd64, "ffe0", false)] // jmp *%rax
    [InlineData(CpuFamily.Amd64, "ff6008", false)] // jmp *8(%rax)
    [InlineData(CpuFamily.Amd64, "e9fb0f0000", false)] // jmp .+0x1000
    [InlineData(CpuFamily.Amd64, "50", false)] // push %rax
    [InlineData(CpuFamily.Amd64, "ffd090", false)] // call *%rax; nop
    [InlineData(CpuFamily.Arm64, "00040094", true)] // bl .+0x1000
    [InlineData(CpuFamily.Arm64, "00013fd6", true)] // blr x8
    [InlineData(CpuFamily.Arm64, "09093fd7", true)] // blraa x8, x9
    [InlineData(CpuFamily.Arm64, "7f083fd6", true)] // blraaz x3
    [InlineData(CpuFamily.Arm64, "00040014", false)] // b .+0x1000
    [InlineData(CpuFamily.Arm64, "00011fd6", false)] // br x8
    [InlineData(CpuFamily.Arm64, "c0035fd6", false)] // ret
    [InlineData(CpuFamily.Arm64, "09091fd7", false)] // braa x8, x9
    [InlineData(CpuFamily.Arm, "feffffeb", true)] // bl f
    [InlineData(CpuFamily.Arm, "feffff1b", true)] // blne f
    [InlineData(CpuFamily.Arm, "fefffffa", true)] // blx f
    [InlineData(CpuFamily.Arm, "33ff2fe1", true)] // blx r3
    [InlineData(CpuFamily.Arm, "0fe0a0e113ff2fe1", true)] // mov lr, pc; bx r3
    [InlineData(CpuFamily.Arm, "13ff2fe1", false)] // bx r3
    [InlineData(CpuFamily.Arm, "170000ea", false)] // b .+100
    [InlineData(CpuFamily.Arm, "fff7feff", true, true)] // bl f
    [InlineData(CpuFamily.Arm, "fff7feef", true, true)] // blx f
    [InlineData(CpuFamily.Arm, "9847", true, true)] // blx r3
    [InlineData(CpuFamily.Arm, "1847", false, true)] // bx r3
    [InlineData(CpuFamily.Arm, "00f030b8", false, true)] // b.w .+100
    [InlineData(CpuFamily.Arm, "10bd", false, true)] // pop {r4, pc}
    public void Calls_are_told_from_other_code(CpuFamily family, string code, bool isCall, bool thumb = false)
    {
        byte[] bytes = new byte[CallCode.Window];
        byte[] last = Convert.FromHexString(code);
        last.CopyTo(bytes, bytes.Length - last.Length);

        Assert.Equal(isCall, CallCode.EndsWithCall(family, bytes, thumb));
    }

    [Fact]
    public void Any_bytes_can_be_asked_about()
    {
        var dice = new Random(5);
        byte[] bytes = new byte[CallCode.Window];
        int calls = 0;
        for (int i = 0; i < 100_000; i++)
        {
            dice.NextBytes(bytes);
            foreach (var family in (ReadOnlySpan<CpuFamily>)[CpuFamily.Amd64, CpuFamily.Arm, CpuFamily.Arm64])
            {
                calls += CallCode.EndsWithCall(family, bytes, thumb: (i & 1) != 0) ? 1 : 0;
            }
        }

        // BL alone has 1/16 of all A32 and 1/64 of all A64 instructions: guesses pass seldom.
        Assert.InRange(calls, 3_000, 40_000);
    }
}
