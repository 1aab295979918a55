using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Unwind.Cpu;

/// <summary>
/// AArch64 (AAPCS64 §6.4.6): x29 heads a chain of records of the saved x29 and x30. Return addresses may carry an
/// authentication code in their upper bits.
/// </summary>
/// <param name="profile">Registers.</param>
/// <param name="codeAddressMask">Bits that a code address can have.</param>
internal sealed class Arm64Rules(CpuProfile profile, ulong codeAddressMask) : CpuRules(profile)
{
    public override ulong CodeAddress(ulong pointer) => pointer & codeAddressMask;

    public override ulong PreviousInstruction(ulong address) => unchecked((address & ~3UL) - 4);

    public override StepResult StepByFramePointer(
        ThreadScene scene, in RegisterState callee, bool innermost, out RegisterState caller)
    {
        caller = default;
        if (!callee.TryGet(Profile.FramePointer, out ulong record))
        {
            return StepResult.None;
        }

        if (record != 0)
        {
            return StepByRecord(scene, callee, record, unchecked(record + 8), Profile.FramePointer, strict: false, out caller);
        }

        // No record was made yet: only the link register of an innermost frame says who called.
        if (!innermost || !callee.TryGet(Profile.LinkRegister, out ulong link)
            || !scene.Code.IsCode(PreviousInstruction(CodeAddress(link))))
        {
            return StepResult.None;
        }

        caller.Set(Profile.ProgramCounter, link);
        caller.Set(Profile.StackPointer, callee.GetOrZero(Profile.StackPointer));
        caller.Set(Profile.FramePointer, record);
        return StepResult.Stepped;
    }
}
