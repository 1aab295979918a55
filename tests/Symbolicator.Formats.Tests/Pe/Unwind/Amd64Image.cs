using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pe;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Pe.Unwind;

/// <summary>
/// An x64 image of code, records and unwind information, and a stack each of whose words tells its own address. Code lies
/// at 0x1000, records at 0x2000, unwind information at 0x3000.
/// </summary>
internal sealed class Amd64Image
{
    public const uint Code = 0x1000;
    public const uint Records = 0x2000;
    public const uint Info = 0x3000;
    public const ulong Base = 0x7ff6_0000_0000;
    public const ulong Stack = 0x50_0000;

    private readonly ByteBuilder _records = new();
    private readonly ByteBuilder _info = new();
    private readonly byte[] _code = new byte[0x800];

    /// <summary>Bytes of code in memory, when they are not those in the file.</summary>
    public uint? TextSize { get; set; }

    /// <summary>Bytes that the directory states and the file does not have.</summary>
    public uint MissingRecordBytes { get; init; }

    public FakeMemory Memory { get; } = new FakeMemory().Add(Stack, Words(Stack, 0x2_0000));

    /// <summary>What lies on the stack at an address.</summary>
    public static ulong Word(ulong address) => 0xab00_0000_0000 | address;

    /// <summary>Adds unwind information; returns its address.</summary>
    public uint AddInfo(params ReadOnlySpan<byte> bytes)
    {
        uint rva = Info + (uint)_info.Length;
        _info.Bytes(bytes).Align(4);
        return rva;
    }

    /// <summary>Adds unwind information chained to a record; returns its address.</summary>
    public uint AddChained(byte[] codes, uint begin, uint end, uint data, byte prologue = 0)
    {
        var bytes = new ByteBuilder().U8(0x21).U8(prologue).U8(codes.Length / 2).U8(0).Bytes(codes).Align(4);
        return AddInfo(bytes.U32(begin).U32(end).U32(data).ToArray());
    }

    public Amd64Image Record(uint begin, uint end, uint data)
    {
        _records.U32(begin).U32(end).U32(data);
        return this;
    }

    public Amd64Image Write(uint rva, params ReadOnlySpan<byte> code)
    {
        code.CopyTo(_code.AsSpan((int)(rva - Code)));
        return this;
    }

    public byte[] ToArray() => new PeBuilder()
        .Section(".text", Code, _code, PeBuilder.Code, TextSize)
        .Section(".pdata", Records, _records.ToArray(), PeBuilder.Data)
        .Section(".xdata", Info, _info.ToArray(), PeBuilder.Data)
        .Directory(3, Records, (uint)_records.Length + MissingRecordBytes)
        .Build();

    public IUnwindTable Table(ParseLimits? limits = null) => Open(limits).OpenUnwindTable()!;

    public PeObject Open(ParseLimits? limits = null) => PeReading.Open(ToArray(), limits);

    /// <summary>Steps from an address that was interrupted or, for a caller, from a return address.</summary>
    public UnwindResult Step(uint rva, out RegisterState caller, RegisterState? callee = null, bool isCaller = false)
    {
        var registers = callee ?? Registers();
        registers.Set(16, Base + rva);
        return Table().Step(new UnwindFrame(isCaller ? rva - 1 : rva, Base), registers, Memory, out caller);
    }

    /// <summary>Every register tells its own index; the stack pointer is at the start of the stack.</summary>
    public static RegisterState Registers()
    {
        var registers = default(RegisterState);
        for (int i = 0; i < 16; i++)
        {
            registers.Set(i, (ulong)i);
        }

        registers.Set(Rsp, Stack);
        return registers;
    }

    public const int Rax = 0;
    public const int Rbx = 3;
    public const int Rsi = 4;
    public const int Rdi = 5;
    public const int Rbp = 6;
    public const int Rsp = 7;
    public const int R12 = 12;
    public const int Rip = 16;

    private static byte[] Words(ulong start, int length)
    {
        var words = new ByteBuilder();
        for (ulong at = start; words.Length < length; at += 8)
        {
            words.U64(Word(at));
        }

        return words.ToArray();
    }
}

/// <summary>One word of the stack is a return address.</summary>
internal sealed class OnlyReturn(ulong word) : IReturnAddresses
{
    public bool CanReturnTo(ulong address) => address == word;
}
