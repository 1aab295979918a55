using Symbolicator.Formats.Model;
using Symbolicator.Formats.Unwind.Cpu;

namespace Symbolicator.Formats.Unwind;

/// <summary>
/// Looks for a word on the stack that can be a return address. The last resort: what it finds may be a leftover.
/// </summary>
internal static class StackScanner
{
    private const int Words = 40;

    // The callee's stack pointer is exact, so that a large frame is worth searching.
    private const int WordsAboveExactFrame = 160;

    public static int WindowAbove(FrameTrust callee) =>
        callee is FrameTrust.Context or FrameTrust.Cfi ? WordsAboveExactFrame : Words;

    /// <summary>
    /// The first acceptable word. Words whose module is not loaded yet are all asked for at once, up to the first word
    /// that is accepted for sure.
    /// </summary>
    /// <returns>False when <paramref name="needs"/> got entries that decide first.</returns>
    public static bool TryScan(
        ThreadScene scene, CpuRules cpu, ulong stackPointer, int words, ModuleTables tables, WalkNeeds needs, out ScanHit? hit)
    {
        hit = null;
        bool undecided = false;
        ulong size = (ulong)cpu.Profile.PointerSize;
        for (int i = 0; i < words; i++)
        {
            ulong at = unchecked(stackPointer + (ulong)i * size);
            if (at < stackPointer || at > cpu.Profile.AddressMask - size)
            {
                break;
            }

            if (!scene.TryReadStack(stackPointer, at, out ulong word))
            {
                continue;
            }

            switch (Judge(scene, cpu, word, tables, needs))
            {
                case ScanVerdict.Accepted:
                    if (!undecided)
                    {
                        hit = new ScanHit(at, word);
                    }

                    return !undecided;

                case ScanVerdict.Unknown:
                    undecided = true;
                    break;
            }
        }

        return !undecided;
    }

    private static bool IsCandidate(ThreadScene scene, CpuRules cpu, ulong word, out WalkModule module, out ulong lookup)
    {
        ulong code = cpu.CodeAddress(word);
        lookup = cpu.PreviousInstruction(code);
        module = default;
        return code >= CpuRules.LowestCode && cpu.IsCanonical(code) && scene.Code.TryFind(lookup, out module)
            && scene.Code.IsCodeOf(module, lookup);
    }

    /// <summary>
    /// A word is refused outside of modules, when there is no call before it, or when unwind information and symbols of its
    /// module both deny that there is code. Symbols are asked for only where unwind information denies.
    /// </summary>
    public static ScanVerdict Judge(ThreadScene scene, CpuRules cpu, ulong word, ModuleTables tables, WalkNeeds needs)
    {
        if (!IsCandidate(scene, cpu, word, out var module, out ulong lookup))
        {
            return ScanVerdict.Refused;
        }

        if (!tables.TryGetUnwindTable(module.Index, cpu.Profile.Family, out var table))
        {
            needs.UnwindTables.Add(module.Index);
            return ScanVerdict.Unknown;
        }

        if (FollowsCall(scene, cpu, word, module, tables.CodeOf(module.Index)) == false)
        {
            return ScanVerdict.Refused;
        }

        ulong rva = lookup - module.Start;
        if (table is null || table.IsEmpty || table.Covers(rva))
        {
            return ScanVerdict.Accepted;
        }

        if (!tables.TryGetSymbols(module.Index, out var symbols))
        {
            needs.Symbols.Add(module.Index);
            return ScanVerdict.Unknown;
        }

        return symbols is null || symbols.HasSymbolAt(rva) ? ScanVerdict.Accepted : ScanVerdict.Refused;
    }

    /// <summary>Null when the code is not at hand, neither in the dump nor in a file.</summary>
    public static bool? FollowsCall(ThreadScene scene, CpuRules cpu, ulong word, WalkModule module, ICodeView? file)
    {
        ulong code = cpu.CodeAddress(word);
        ulong start = unchecked(code - CallCode.Window);
        if (start < module.Start || start > code)
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[CallCode.Window];
        if (!scene.Memory.TryRead(start, bytes) && (file is null || !file.TryReadCode(start - module.Start, bytes)))
        {
            return null;
        }

        // The kernel makes a handler return to a trampoline that nobody called.
        return CallCode.EndsWithCall(cpu.Profile.Family, bytes, thumb: (word & 1) != 0) || SignalTrampoline.IsAt(scene, code);
    }
}

/// <summary>Whether a word is taken for a return address.</summary>
internal enum ScanVerdict : byte
{
    Refused,
    Accepted,

    /// <summary>Something has to be loaded first.</summary>
    Unknown,
}

/// <summary>A word that was accepted.</summary>
/// <param name="At">Where it lies.</param>
/// <param name="Value">The word.</param>
internal readonly record struct ScanHit(ulong At, ulong Value);

/// <summary>Modules that some thread waits for.</summary>
internal sealed class WalkNeeds
{
    public HashSet<int> UnwindTables { get; } = [];

    public HashSet<int> Symbols { get; } = [];

    public bool IsEmpty => UnwindTables.Count == 0 && Symbols.Count == 0;
}
