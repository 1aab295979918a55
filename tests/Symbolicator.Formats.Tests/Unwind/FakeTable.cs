using Symbolicator.Formats.Model;
using Symbolicator.Formats.Unwind;

namespace Symbolicator.Formats.Tests.Unwind;

/// <summary>
/// An unwind table for x86-64 whose frames all have one size: the return address is their uppermost word. Notes which
/// frames it was asked for.
/// </summary>
internal sealed class FakeTable(ulong frameSize, ulong start = 0, ulong end = ulong.MaxValue) : IUnwindTable
{
    public List<(ulong StackPointer, ulong Rva)> Steps { get; } = [];

    /// <summary>Functions here are signal trampolines.</summary>
    public ulong? SignalRva { get; init; }

    /// <summary>Functions here have no caller.</summary>
    public ulong? OutermostRva { get; init; }

    public bool IsEmpty => end <= start;

    public CpuFamily Cpu { get; init; } = CpuFamily.Amd64;

    public long EstimatedBytes => 0;

    public bool Covers(ulong rva) => rva >= start && rva < end;

    public UnwindResult Step(in UnwindFrame frame, in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        caller = default;
        ulong stackPointer = callee.GetOrZero(7);
        Steps.Add((stackPointer, frame.LookupRva));
        if (!Covers(frame.LookupRva))
        {
            return new UnwindResult(UnwindOutcome.NotCovered);
        }

        if (OutermostRva >> 8 == frame.LookupRva >> 8)
        {
            return new UnwindResult(UnwindOutcome.EndOfStack);
        }

        if (!memory.TryReadUnsigned(stackPointer + frameSize - 8, 8, out ulong returnAddress))
        {
            return new UnwindResult(UnwindOutcome.Failed);
        }

        caller.Set(16, returnAddress);
        caller.Set(7, stackPointer + frameSize);
        return new UnwindResult(UnwindOutcome.Stepped, SignalRva >> 8 == frame.LookupRva >> 8);
    }

    public UnwindDescription? Describe(ulong rva) => null;
}

/// <summary>A table that covers nothing, of a file whose code is at hand.</summary>
internal sealed class FakeCode(ulong start, byte[] code) : IUnwindTable, ICodeView
{
    public bool IsEmpty => true;

    public CpuFamily Cpu => CpuFamily.Amd64;

    public long EstimatedBytes => 0;

    public bool Covers(ulong rva) => false;

    public UnwindResult Step(in UnwindFrame frame, in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        caller = default;
        return new UnwindResult(UnwindOutcome.NotCovered);
    }

    public UnwindDescription? Describe(ulong rva) => null;

    public bool TryReadCode(ulong rva, Span<byte> destination)
    {
        if (rva < start || rva - start > (ulong)(code.Length - destination.Length))
        {
            return false;
        }

        code.AsSpan((int)(rva - start), destination.Length).CopyTo(destination);
        return true;
    }
}

/// <summary>Symbols that cover one range.</summary>
internal sealed class FakeSymbols(ulong start, ulong end) : ISymbolCoverage
{
    public bool HasSymbolAt(ulong rva) => rva >= start && rva < end;
}
