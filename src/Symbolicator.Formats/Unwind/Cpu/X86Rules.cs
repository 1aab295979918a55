using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Unwind.Cpu;

/// <summary>i386: calls push the return address, ebp heads a chain of frame records.</summary>
internal sealed class X86Rules(CpuProfile profile) : CpuRules(profile)
{
    public override ulong CodeAddress(ulong pointer) => pointer;

    public override ulong PreviousInstruction(ulong address) => unchecked(address - 1);

    public override bool TryReturnFromCall(ThreadScene scene, in RegisterState callee, out RegisterState caller) =>
        PushedReturnAddress.TryPop(scene, callee, out caller);

    public override StepResult StepByFramePointer(
        ThreadScene scene, in RegisterState callee, bool innermost, out RegisterState caller)
    {
        caller = default;
        return callee.TryGet(Profile.FramePointer, out ulong record)
            ? StepByRecord(scene, callee, record, unchecked(record + 4), Profile.FramePointer, strict: false, out caller)
            : StepResult.None;
    }
}
