using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Unwind.Cpu;

/// <summary>
/// 32-bit Arm. Bit 0 of a code pointer selects Thumb. Frame records are not part of the ABI: compilers head them by r11
/// in Arm and by r7 in Thumb code and on Apple systems, and GCC's r11 points at their upper word.
/// </summary>
internal sealed class ArmRules(CpuProfile profile) : CpuRules(profile)
{
    private const int ThumbFramePointer = 7;

    public override ulong CodeAddress(ulong pointer) => pointer & ~1UL;

    public override ulong PreviousInstruction(ulong address) => unchecked((address & ~1UL) - 2);

    public override StepResult StepByFramePointer(
        ThreadScene scene, in RegisterState callee, bool innermost, out RegisterState caller)
    {
        if (scene.System != WalkSystem.Apple && callee.TryGet(Profile.FramePointer, out ulong r11))
        {
            var result = StepByRecord(scene, callee, r11, unchecked(r11 + 4), Profile.FramePointer, strict: true, out caller);
            if (result == StepResult.None)
            {
                result = StepByRecord(scene, callee, unchecked(r11 - 4), r11, Profile.FramePointer, strict: true, out caller);
            }

            if (result != StepResult.None)
            {
                return result;
            }
        }

        caller = default;
        return callee.TryGet(ThumbFramePointer, out ulong r7)
            ? StepByRecord(scene, callee, r7, unchecked(r7 + 4), ThumbFramePointer, strict: true, out caller)
            : StepResult.None;
    }
}
