using Symbolicator.Formats.Model;
using static Symbolicator.Formats.Tests.Pe.Unwind.Amd64Image;

namespace Symbolicator.Formats.Tests.Pe.Unwind;

/// <summary>Frames interrupted in an epilogue, by instructions (version 1) and by codes (version 2).</summary>
public sealed class Amd64EpilogueTests
{
    private const uint F = Code;
    private const uint At = Code + 0x40;

    [Theory]
    [InlineData("48 83 c4 20 5b c3", 0x20, 8)] // add rsp, 32; pop rbx; ret
    [InlineData("48 81 c4 00 01 00 00 5b c3", 0x100, 8)]
    [InlineData("5b c3", 0, 8)]
    [InlineData("c3", 0, 0)]
    [InlineData("c2 10 00", 0, 0)]
    [InlineData("f3 c3", 0, 0)]
    [InlineData("f2 c3", 0, 0)]
    [InlineData("48 83 c4 20 5b e9 00 10 00 00", 0x20, 8)] // jmp behind the function
    [InlineData("5b eb 7f", 0, 8)]
    [InlineData("5b e9 00 f0 ff ff", 0, 8)] // jmp before the function
    [InlineData("5b eb bd", 0, 8)] // jmp to the start of the function: a call of itself
    [InlineData("5b ff 25 00 00 00 00", 0, 8)] // jmp [rip]
    [InlineData("5b 48 ff e0", 0, 8)] // rex.w jmp rax
    [InlineData("5b 49 ff e3", 0, 8)] // rex.wb jmp r11
    [InlineData("5b 48 ff 25 00 00 00 00", 0, 8)]
    public void Rest_of_an_epilogue_is_executed(string code, int adjustment, int popped)
    {
        var image = WithFunction(code);

        Assert.Equal(UnwindOutcome.Stepped, image.Step(At, out var caller).Outcome);
        ulong top = Stack + (ulong)(adjustment + popped);
        Assert.Equal((top + 8, Word(top)), (caller.GetOrZero(Rsp), caller.GetOrZero(Rip)));
        Assert.Equal(popped == 0 ? Rbx : Word(top - 8), caller.GetOrZero(Rbx));
    }

    [Theory]
    [InlineData("48 83 c4 20 5b 90")]
    [InlineData("90 c3")]
    [InlineData("5b eb 02")] // jmp inside of the function
    [InlineData("5b e9 00 00 00 00")]
    [InlineData("5b ff e0")] // jmp rax, of a switch
    [InlineData("5b 48 ff d0")] // call
    [InlineData("5b 48 ff 30")] // push
    [InlineData("48 83 ec 20 c3")] // sub
    [InlineData("48 8d 65 10 5d c3")] // lea rsp, [rbp + 16], but the function has no frame register
    [InlineData("5b e8 00 00 00 00")]
    [InlineData("5b 5b 5b 5b 5b 5b 5b 5b 5b 5b 5b 5b 5b 5b 5b 5b 5b c3")] // more pops than registers
    [InlineData("5b e9 bb 00 00 00")] // jmp to another part of the function
    public void Other_code_is_no_epilogue(string code)
    {
        var image = WithFunction(code);

        Assert.Equal(UnwindOutcome.Stepped, image.Step(At, out var caller).Outcome);
        Assert.Equal((Stack + 48, Word(Stack + 40)), (caller.GetOrZero(Rsp), caller.GetOrZero(Rip))); // sub rsp, 32; push rbx
    }

    [Fact]
    public void Jump_of_a_part_to_the_start_of_its_function_is_a_call()
    {
        var image = WithFunction("90").Write(F + 0x110, [0x5b, 0xe9, 0xea, 0xfe, 0xff, 0xff]); // pop rbx; jmp F

        image.Step(F + 0x110, out var caller);
        Assert.Equal((Stack + 16, Word(Stack), Word(Stack + 8)), (caller.GetOrZero(Rsp), caller.GetOrZero(Rbx), caller.GetOrZero(Rip)));
    }

    /// <summary>GCC gives rarely executed parts of a function a record of their own, so that the jump there looks like an epilogue.</summary>
    [Theory]
    [InlineData(0, 8)]
    [InlineData(40, 48)]
    public void Jump_is_an_epilogue_only_where_a_return_address_is_on_top(ulong returnAt, ulong size)
    {
        var image = WithFunction("e9 00 10 00 00");
        var registers = Registers();
        registers.Set(Rip, Base + At);
        var frame = new UnwindFrame(At, Base, Returns: new OnlyReturn(Word(Stack + returnAt)));

        Assert.Equal(UnwindOutcome.Stepped, image.Table().Step(frame, registers, image.Memory, out var caller).Outcome);
        Assert.Equal((Stack + size, Word(Stack + returnAt)), (caller.GetOrZero(Rsp), caller.GetOrZero(Rip)));
    }

    [Theory]
    [InlineData("48 8d 65 10 5e 5d c3", 0x10)] // lea rsp, [rbp + 16]; pop rsi; pop rbp; ret
    [InlineData("48 8d a5 00 01 00 00 5e 5d c3", 0x100)]
    [InlineData("48 8d 65 f0 5e 5d c3", -0x10)]
    public void Stack_pointer_comes_from_the_frame_register(string code, int offset)
    {
        var image = new Amd64Image().Write(At, Convert.FromHexString(code.Replace(" ", "")));
        image.Record(F, F + 0x80, image.AddInfo(0x01, 8, 3, 0x05, 8, 0x03, 2, 0x60, 1, 0x50));
        var registers = Registers();
        registers.Set(Rbp, Stack + 0x800);

        image.Step(At, out var caller, registers);
        ulong at = Stack + 0x800 + (ulong)(long)offset;
        Assert.Equal((Word(at), Word(at + 8), Word(at + 16)), (caller.GetOrZero(Rsi), caller.GetOrZero(Rbp), caller.GetOrZero(Rip)));
        Assert.Equal(at + 24, caller.GetOrZero(Rsp));
    }

    [Fact]
    public void Upper_registers_are_popped_with_a_prefix()
    {
        var image = WithFunction("41 5c 41 5f 5f c3"); // pop r12; pop r15; pop rdi; ret
        image.Step(At, out var caller);

        Assert.Equal(
            (Word(Stack), Word(Stack + 8), Word(Stack + 16), Word(Stack + 24)),
            (caller.GetOrZero(R12), caller.GetOrZero(15), caller.GetOrZero(Rdi), caller.GetOrZero(Rip)));
    }

    [Fact]
    public void Interrupt_handler_ends_by_a_machine_frame()
    {
        var image = WithFunction("5b 48 cf"); // pop rbx; iretq
        var result = image.Step(At, out var caller);

        Assert.Equal(new UnwindResult(UnwindOutcome.Stepped, SignalFrame: true), result);
        Assert.Equal((Word(Stack + 8), Word(Stack + 32)), (caller.GetOrZero(Rip), caller.GetOrZero(Rsp)));
    }

    [Fact]
    public void Caller_is_never_in_an_epilogue()
    {
        var image = WithFunction("48 83 c4 20 5b c3"); // behind the call of a function that does not return
        image.Step(At, out var caller, isCaller: true);

        Assert.Equal(Stack + 48, caller.GetOrZero(Rsp));
        image = WithFunction("c3");
        image.Step(At, out caller, isCaller: true);
        Assert.Equal(Stack + 48, caller.GetOrZero(Rsp));
    }

    [Fact]
    public void Code_that_the_file_does_not_have_is_read_from_memory()
    {
        const uint Outside = Code + 0x7fe; // the section goes on in memory
        var image = new Amd64Image();
        image.Record(Outside + 2, Outside + 0x20, image.AddInfo(0x01, 5, 2, 0, 5, 0x32, 1, 0x30));
        image.Memory.Add(Base + Outside + 8, [0x5b, 0xc3]);
        image.TextSize = 0x900;

        image.Step(Outside + 8, out var caller);
        Assert.Equal((Stack + 16, Word(Stack)), (caller.GetOrZero(Rsp), caller.GetOrZero(Rbx)));
    }

    [Theory]
    [InlineData(0x3c, -1)] // before both epilogues
    [InlineData(0x40, 0)]
    [InlineData(0x41, 1)]
    [InlineData(0x43, 2)]
    [InlineData(0x44, -1)]
    [InlineData(0x7c, 0)]
    [InlineData(0x7d, 1)]
    [InlineData(0x7f, 2)]
    public void Codes_of_version_2_tell_where_epilogues_are(int offset, int popped)
    {
        // sub rsp, 32 behind pushes of r12 and rbx; epilogues of 4 bytes (pop rbx; pop r12; ret) 64 bytes before the end and at it
        var image = new Amd64Image();
        image.Record(F, F + 0x80, image.AddInfo(0x02, 7, 5, 0, 4, 0x16, 0x40, 0x06, 7, 0x32, 3, 0x30, 2, 0xc0));

        Assert.Equal(UnwindOutcome.Stepped, image.Step(F + (uint)offset, out var caller).Outcome);
        ulong top = Stack + (popped < 0 ? 32u : 0u) + (ulong)((2 - Math.Max(0, popped)) * 8);
        Assert.Equal((top + 8, Word(top)), (caller.GetOrZero(Rsp), caller.GetOrZero(Rip)));
        Assert.Equal(popped == 2 ? R12 : Word(top - 8), caller.GetOrZero(R12));
        Assert.Equal(popped > 0 ? Rbx : Word(top - 16), caller.GetOrZero(Rbx));
    }

    [Fact]
    public void Offsets_of_version_2_have_twelve_bits_and_zero_pads()
    {
        var image = new Amd64Image();
        image.Record(F, F + 0x400, image.AddInfo(0x02, 5, 6, 0, 2, 0x06, 0x00, 0x26, 0x00, 0x06, 0x00, 0x06, 5, 0x32, 1, 0x30));

        image.Step(F + 0x200, out var caller); // 0x200 before the end
        Assert.Equal(Stack + 16, caller.GetOrZero(Rsp));
        image.Step(F + 0x3fe, out caller); // none at the end: its bit is not set
        Assert.Equal(Stack + 48, caller.GetOrZero(Rsp));
    }

    [Fact]
    public void Epilogue_of_version_2_goes_on_with_the_pushes_of_the_function_it_is_chained_to()
    {
        var image = new Amd64Image();
        uint first = image.AddInfo(0x02, 5, 2, 0, 5, 0x32, 1, 0x30); // push rbx; sub rsp, 32
        uint part = image.AddInfo([
            0x22, 1, 3, 0, 3, 0x16, 0x00, 0x06, 1, 0x70, 0, 0, // push rdi; epilogue of 3 bytes at the end
            0x00, 0x10, 0, 0, 0x40, 0x10, 0, 0, (byte)first, (byte)(first >> 8), 0, 0]);
        image.Record(F, F + 0x40, first).Record(F + 0x40, F + 0x80, part);

        image.Step(F + 0x7d, out var caller); // pop rdi; pop rbx; ret
        Assert.Equal((Word(Stack), Word(Stack + 8), Word(Stack + 16)), (caller.GetOrZero(Rdi), caller.GetOrZero(Rbx), caller.GetOrZero(Rip)));
        image.Step(F + 0x7e, out caller);
        Assert.Equal((5ul, Word(Stack), Word(Stack + 8)), (caller.GetOrZero(Rdi), caller.GetOrZero(Rbx), caller.GetOrZero(Rip)));
    }

    /// <summary>push rbx; sub rsp, 32; a second part at 0x100.</summary>
    private static Amd64Image WithFunction(string code)
    {
        var image = new Amd64Image().Write(At, Convert.FromHexString(code.Replace(" ", "")));
        uint info = image.AddInfo(0x01, 5, 2, 0, 5, 0x32, 1, 0x30);
        uint part = image.AddChained([], F, F + 0x80, info);
        return image.Record(F, F + 0x80, info).Record(F + 0x100, F + 0x140, part);
    }
}
