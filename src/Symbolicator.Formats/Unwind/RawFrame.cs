namespace Symbolicator.Formats.Unwind;

/// <summary>One physical frame; inlined calls are found later by its lookup address.</summary>
/// <param name="InstructionAddress">
/// Absolute address at which the frame resumes: the program counter of the innermost frame, the return address of all
/// others. Without pointer authentication or Thumb bits.
/// </param>
/// <param name="LookupAddress">
/// Absolute address inside the instruction that is executing: the resume address itself in the innermost frame, in
/// signal trampolines and in interrupted frames, else inside the call before it.
/// </param>
/// <param name="StackPointer">
/// Stack pointer of the frame; a lower bound where calls push nothing and no unwind information tells the size of the
/// frame below.
/// </param>
/// <param name="Module">Index of the module that holds the lookup address, -1 for none.</param>
/// <param name="Trust">How the frame was found.</param>
/// <param name="IsSignalTrampoline">The frame is the kernel's return path of a signal handler.</param>
public readonly record struct RawFrame(
    ulong InstructionAddress,
    ulong LookupAddress,
    ulong StackPointer,
    int Module,
    FrameTrust Trust,
    bool IsSignalTrampoline);
