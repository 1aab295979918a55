using System.Buffers.Binary;
using Symbolicator.Formats.FramePrograms;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Tests.Pdb.Frames;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.FramePrograms;

/// <summary>
/// The innermost frame anywhere in a function: what a processor would find at each instruction, derived by hand. The
/// stack is numbered: each word holds its own address, but for the return address.
/// </summary>
public sealed class X86FrameEdgesTests
{
    private const int Ebx = 3;
    private const int Esp = 4;
    private const int Ebp = 5;
    private const int Esi = 6;
    private const int Edi = 7;
    private const int Eip = 8;
    private const uint Load = 0x40_0000;
    private const uint Stack = 0x8000;
    private const uint Return = 0x40_1800;
    private const string ByStackPointer = "$T0 .raSearch = $eip $T0 ^ = $esp $T0 4 + =";
    private const string ByBasePointer = "$T0 $ebp = $eip $T0 4 + ^ = $ebp $T0 ^ = $esp $T0 8 + =";

    /// <summary>
    /// Code of a function that Visual C++ describes by one record; offset, and how many words lie above esp up to the
    /// return address.
    /// </summary>
    [Theory]
    [InlineData(0, 0, false)] // push ebp
    [InlineData(1, 1, false)] // mov ebp, esp
    [InlineData(3, 1, true)] // push -1
    [InlineData(5, 2, true)] // push esi
    [InlineData(6, 3, true)] // sub esp, 16
    [InlineData(9, 7, true)] // call
    [InlineData(14, 7, true)] // lea esp, [ebp-8]
    [InlineData(17, 3, true)] // pop esi
    [InlineData(18, 2, true)] // mov esp, ebp
    [InlineData(20, 1, true)] // pop ebp
    [InlineData(21, 0, false)] // ret 4
    public void One_record_with_a_base_pointer_holds_at_every_instruction(int offset, int words, bool headed)
    {
        byte[] code = [0x55, 0x8b, 0xec, 0x6a, 0xff, 0x56, 0x83, 0xec, 0x10, 0xe8, 0, 1, 0, 0, 0x8d, 0x65, 0xf8, 0x5e, 0x8b, 0xe5, 0x5d, 0xc2, 4, 0];
        uint esp = Stack + 0x40;
        uint slot = esp + ((uint)words * 4);
        // Once pushed, ebp lies below the return address.
        uint callerBase = words > 0 ? slot - 4 : 0x7777;
        foreach (uint flags in (uint[])[0, 4])
        {
            var caller = Step(ByBasePointer, code, offset, slot, [(Esp, esp), (Ebp, headed ? slot - 4 : 0x7777)], prolog: 9, flags: flags, parameters: 4);

            Assert.Equal((offset, Return, slot + 4, callerBase), (offset, Value(caller, Eip), Value(caller, Esp), Value(caller, Ebp)));
        }
    }

    [Theory]
    [InlineData(0, 0)] // sub esp, 12
    [InlineData(3, 3)] // mov eax, [cookie]
    [InlineData(8, 3)] // xor eax, esp
    [InlineData(10, 3)] // mov [esp+8], eax
    [InlineData(14, 3)] // push ebx
    [InlineData(15, 4)] // push edi
    [InlineData(16, 5)] // mov edi, ecx
    [InlineData(18, 5)] // push fs:[0]
    [InlineData(25, 6)] // call [import]
    [InlineData(31, 6)] // add esp, 4
    [InlineData(34, 5)] // mov eax, 1
    [InlineData(39, 5)] // pop edi
    [InlineData(40, 4)] // pop ebx
    [InlineData(41, 3)] // lea esp, [esp+12]
    [InlineData(45, 0)] // ret
    public void Allocations_that_no_record_states_are_counted(int offset, int words)
    {
        byte[] code =
        [
            0x83, 0xec, 0x0c, 0xa1, 0, 0x20, 0x40, 0, 0x33, 0xc4, 0x89, 0x44, 0x24, 8, 0x53, 0x57, 0x8b, 0xf9, 0x64, 0xff, 0x35, 0, 0, 0, 0,
            0xff, 0x15, 0, 0x20, 0x40, 0, 0x83, 0xc4, 4, 0xb8, 1, 0, 0, 0, 0x5f, 0x5b, 0x8d, 0x64, 0x24, 12, 0xc3,
        ];
        uint esp = Stack + 0x40;
        uint slot = esp + ((uint)words * 4);
        var caller = Step(ByStackPointer, code, offset, slot, [(Esp, esp), (Ebx, 0xb), (Edi, 0xd)], prolog: 25, flags: 4);

        // ebx lies below the three words of the allocation, edi below it; before they are pushed and after they are popped they are as they are.
        bool pushedBx = words > 3, pushedDi = words > 4;
        Assert.Equal((offset, Return, slot + 4), (offset, Value(caller, Eip), Value(caller, Esp)));
        if (offset != 25)
        {
            Assert.Equal((pushedBx ? slot - 16 : 0xb, pushedDi ? slot - 20 : 0xd), (Value(caller, Ebx), Value(caller, Edi)));
        }
    }

    /// <summary>push esi; sub esp, 8; push ecx; call: sizes hold behind the prologue, the parameter comes after it.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(4, 3)]
    [InlineData(5, 4)]
    public void Sizes_without_a_program_hold_behind_the_prologue(int offset, int words)
    {
        byte[] code = [0x56, 0x83, 0xec, 8, 0x51, 0xe8, 0, 1, 0, 0];
        uint slot = Stack + 0x40 + ((uint)words * 4);
        byte[] fpo = PdbFrameTableTests.Fpo(0x1000, (uint)code.Length, locals: 2, prolog: 4, saved: 1);
        var caller = Step(PdbFrameTableTests.Builder().ImageStream(0, fpo), code, offset, slot, [(Esp, Stack + 0x40)], null, 0, null);

        Assert.Equal((Return, slot + 4), Pair(caller));
    }

    [Fact]
    public void A_tail_call_returns_to_the_caller_but_a_jump_within_the_function_does_not()
    {
        // pop esi; jmp to the other function, which has a record at 0x1100
        byte[] toOther = [0x5e, 0xe9, 0xfa, 0, 0, 0], within = [0x5e, 0xe9, 0x10, 0, 0, 0], import = [0x5e, 0xff, 0x25, 0, 0x20, 0x40, 0];

        Assert.Equal((Return, Stack + 8), Pair(Step(ByStackPointer, toOther, 0, Stack + 4, [(Esp, Stack)])));
        Assert.Equal((Return, Stack + 4), Pair(Step(ByStackPointer, toOther, 1, Stack, [(Esp, Stack)])));
        Assert.Equal((Return, Stack + 8), Pair(Step(ByStackPointer, import, 0, Stack + 4, [(Esp, Stack)])));
        Assert.Equal((Stack, Stack + 4), Pair(Step(ByStackPointer, within, 0, Stack + 4, [(Esp, Stack)])));
    }

    [Fact]
    public void Only_the_innermost_frame_is_asked_for_its_instructions()
    {
        byte[] code = [0x5e, 0xc3];
        uint slot = Stack + 4;

        Assert.Equal((Return, Stack + 8), Pair(Step(ByStackPointer, code, 0, slot, [(Esp, Stack)])));
        Assert.Equal((Stack, Stack + 4), Pair(Step(ByStackPointer, code, 0, slot, [(Esp, Stack)], pc: Load + 0x1001)));
    }

    [Fact]
    public void The_return_address_is_searched_above_what_the_frame_has_pushed()
    {
        // A caller whose callee is not known to take parameters: two of its words lie in front of the return address.
        byte[] code = [0xe8, 0, 1, 0, 0, 0x90];
        uint slot = Stack + 0x14;
        var found = Step(ByStackPointer, code, 2, slot, [(Esp, Stack)], pc: Load + 0x1005, locals: 8, returns: new Returns());
        var missing = Step(ByStackPointer, code, 2, Stack + 0x100, [(Esp, Stack)], pc: Load + 0x1005, locals: 8, returns: new Returns());

        Assert.Equal((Return, slot + 4), Pair(found));
        Assert.Equal((Stack + 8, Stack + 12), Pair(missing)); // for the walk to judge
    }

    [Theory]
    [InlineData(nameof(X86Effect.PushRegister), 1, "53")]
    [InlineData(nameof(X86Effect.Push), 5, "6812345678")]
    [InlineData(nameof(X86Effect.Push), 2, "6aff")]
    [InlineData(nameof(X86Effect.Push), 7, "64ff3500000000")] // push fs:[0]
    [InlineData(nameof(X86Effect.Push), 4, "ff742408")] // push [esp+8]
    [InlineData(nameof(X86Effect.Pop), 1, "5d")]
    [InlineData(nameof(X86Effect.Unknown), 0, "5c")] // pop esp
    [InlineData(nameof(X86Effect.SetBasePointer), 2, "8bec")]
    [InlineData(nameof(X86Effect.SetBasePointer), 2, "89e5")]
    [InlineData(nameof(X86Effect.RestoreStackPointer), 2, "8be5")]
    [InlineData(nameof(X86Effect.RestoreStackPointer), 2, "89ec")]
    [InlineData(nameof(X86Effect.RestoreStackPointer), 6, "8da500ffffff")] // lea esp, [ebp-256]
    [InlineData(nameof(X86Effect.AddStackPointer), 3, "83ec10")]
    [InlineData(nameof(X86Effect.AddStackPointer), 6, "81c400010000")]
    [InlineData(nameof(X86Effect.AddStackPointer), 4, "8d642408")]
    [InlineData(nameof(X86Effect.Unknown), 0, "83e4f8")] // and esp, -8
    [InlineData(nameof(X86Effect.Unknown), 0, "8be0")] // mov esp, eax
    [InlineData(nameof(X86Effect.None), 2, "8bff")]
    [InlineData(nameof(X86Effect.None), 2, "33c0")]
    [InlineData(nameof(X86Effect.None), 7, "8b84245c000000")] // mov eax, [esp+92]
    [InlineData(nameof(X86Effect.None), 7, "8b048500204000")] // mov eax, [eax*4+0x402000]
    [InlineData(nameof(X86Effect.None), 6, "8b0d00204000")] // mov ecx, [0x402000]
    [InlineData(nameof(X86Effect.None), 6, "64a300000000")] // mov fs:[0], eax
    [InlineData(nameof(X86Effect.None), 4, "0fbe0404")] // movsx eax, byte [esp+eax]
    [InlineData(nameof(X86Effect.WriteRegister), 2, "8bf1")] // mov esi, ecx
    [InlineData(nameof(X86Effect.Unknown), 0, "b701")] // mov bh, 1
    [InlineData(nameof(X86Effect.WriteMemory), 4, "89442408")]
    [InlineData(nameof(X86Effect.WriteMemory), 3, "88040c")]
    [InlineData(nameof(X86Effect.Leave), 1, "c9")]
    [InlineData(nameof(X86Effect.Return), 3, "c20800")]
    [InlineData(nameof(X86Effect.Jump), 2, "ebfe")]
    [InlineData(nameof(X86Effect.JumpToImport), 6, "ff2500204000")]
    [InlineData(nameof(X86Effect.Unknown), 0, "ff248500204000")] // jmp [eax*4+table]
    [InlineData(nameof(X86Effect.Unknown), 0, "e800000000")]
    [InlineData(nameof(X86Effect.Unknown), 0, "cc")]
    public void Instructions_are_told_apart(string effect, int length, string code)
    {
        byte[] bytes = Convert.FromHexString(code);
        var instruction = X86Code.Decode(bytes);

        Assert.Equal((effect, length), (instruction.Effect.ToString(), instruction.Length));
        for (int cut = 0; cut < bytes.Length; cut++)
        {
            Assert.Equal(X86Effect.Unknown, X86Code.Decode(bytes.AsSpan(0, cut)).Effect);
        }
    }

    private static (uint Pc, uint Sp) Pair(in RegisterState caller) => (Value(caller, Eip), Value(caller, Esp));

    private static uint Value(in RegisterState registers, int register) => (uint)registers.GetOrZero(register);

    /// <summary>Unwinds one frame of a function at 0x1000; another one starts at 0x1100.</summary>
    private static RegisterState Step(
        string text, byte[] code, int offset, uint returnSlot, (int Register, uint Value)[] callee, uint? pc = null,
        int prolog = 0, uint flags = 0, uint parameters = 0, uint locals = 0, IReturnAddresses? returns = null)
    {
        var builder = PdbFrameTableTests.Builder();
        uint program = builder.Name(text);
        byte[] frameData =
        [
            .. PdbFrameTableTests.FrameData(0x1000, (uint)code.Length, program, locals, parameters, prolog, 0, flags),
            .. PdbFrameTableTests.FrameData(0x1100, 0x10, program, flags: 4),
        ];
        return Step(builder.ImageStream(9, frameData), code, offset, returnSlot, callee, pc, parameters, returns);
    }

    private static RegisterState Step(
        PdbBuilder builder, byte[] code, int offset, uint returnSlot, (int Register, uint Value)[] callee, uint? pc, uint parameters,
        IReturnAddresses? returns)
    {
        byte[] stack = new byte[0x200];
        for (uint at = 0; at < stack.Length; at += 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(stack.AsSpan((int)at), Stack + at == returnSlot ? Return : Stack + at);
        }

        var memory = new FakeMemory().Add(Stack, stack).Add(Load + 0x1000, code);
        var registers = default(RegisterState);
        registers.Set(Eip, pc ?? Load + 0x1000 + (uint)offset);
        registers.Set(Esi, 0x5151);
        foreach (var (register, value) in callee)
        {
            registers.Set(register, value);
        }

        var result = PdbFrameTableTests.Open(builder)
            .Step(new UnwindFrame(0x1000 + (uint)offset, Load, 0, returns), registers, memory, out var caller);
        Assert.Equal((UnwindOutcome.Stepped, parameters), (result.Outcome, result.ParameterBytes));
        return caller;
    }

    private sealed class Returns : IReturnAddresses
    {
        public bool CanReturnTo(ulong address) => address == Return;
    }
}
