using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Unwind.Cpu;

/// <summary>x86-64: calls push the return address, rbp may head a chain of frame records.</summary>
internal sealed class Amd64Rules(CpuProfile profile) : CpuRules(profile)
{
    // On Windows UWOP_SET_FPREG lets rbp point up to 15 × 16 bytes into the frame.
    private const int WindowsFrameOffsets = 15;
    private const ulong WindowsFrameOffsetUnit = 16;

    public override ulong CodeAddress(ulong pointer) => pointer;

    public override ulong PreviousInstruction(ulong address) => unchecked(address - 1);

    /// <summary>Bits 47 to 63 are equal (Intel SDM vol. 1 §3.3.7.1).</summary>
    public override bool IsCanonical(ulong address) => unchecked((long)(address << 16) >> 16 == (long)address);

    public override bool TryReturnFromCall(ThreadScene scene, in RegisterState callee, out RegisterState caller) =>
        PushedReturnAddress.TryPop(scene, callee, out caller);

    public override StepResult StepByFramePointer(
        ThreadScene scene, in RegisterState callee, bool innermost, out RegisterState caller)
    {
        caller = default;
        if (!callee.TryGet(Profile.FramePointer, out ulong record))
        {
            return StepResult.None;
        }

        int offsets = scene.System == WalkSystem.Windows ? WindowsFrameOffsets : 0;
        for (int i = 0; i <= offsets; i++)
        {
            ulong at = unchecked(record + (ulong)i * WindowsFrameOffsetUnit);
            var result = StepByRecord(
                scene, callee, at, unchecked(at + 8), Profile.FramePointer, strict: offsets != 0, out caller);

            // Zeros inside of a frame are no end of the chain where the record may lie anywhere.
            if (result == StepResult.Stepped || result == StepResult.EndOfStack && offsets == 0)
            {
                return result;
            }
        }

        return StepResult.None;
    }
}
