using Symbolicator.Engine.Frames;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Tests.Frames;

public sealed class ReturnAddressTests
{
    [Theory]
    [InlineData(CpuFamily.X86, 0x1003, 0x1002)]
    [InlineData(CpuFamily.Amd64, 0x1003, 0x1002)]
    [InlineData(CpuFamily.Unknown, 0x1003, 0x1002)]
    [InlineData(CpuFamily.Arm, 0x1003, 0x1000)]
    [InlineData(CpuFamily.Arm, 0x1004, 0x1002)]
    [InlineData(CpuFamily.Arm64, 0x1007, 0x1000)]
    [InlineData(CpuFamily.Arm64_32, 0x1008, 0x1004)]
    [InlineData(CpuFamily.Ppc, 0x1008, 0x1004)]
    [InlineData(CpuFamily.Ppc64, 0x1010, 0x1008)]
    [InlineData(CpuFamily.Mips, 0x1010, 0x1008)]
    [InlineData(CpuFamily.Mips64, 0x1012, 0x1008)]
    public void A_return_address_steps_back_by_the_cpus_rule(CpuFamily cpu, ulong address, ulong expected) =>
        Assert.Equal(expected, ReturnAddress.Adjust(address, AddressKind.Return, cpu));

    [Theory]
    [InlineData(CpuFamily.Amd64, 0x1003, 0x1003)]
    [InlineData(CpuFamily.Arm, 0x1003, 0x1002)]
    [InlineData(CpuFamily.Arm64, 0x1007, 0x1004)]
    [InlineData(CpuFamily.Ppc64, 0x100f, 0x1008)]
    [InlineData(CpuFamily.Mips, 0x1007, 0x1004)]
    public void An_exact_address_is_aligned_alone(CpuFamily cpu, ulong address, ulong expected) =>
        Assert.Equal(expected, ReturnAddress.Adjust(address, AddressKind.Exact, cpu));

    [Theory]
    [InlineData(1, 0x10, null, null, AddressKind.Return)]
    [InlineData(0, 0x10, null, null, AddressKind.Exact)]
    [InlineData(0, 0x10, 11u, null, AddressKind.Exact)]
    [InlineData(0, 0x10, 11u, 0x10ul, AddressKind.Exact)]
    [InlineData(0, 0x10, 11u, 0x20ul, AddressKind.Return)]
    [InlineData(0, 0x10, 4u, 0x20ul, AddressKind.Return)]
    [InlineData(0, 0x10, 10u, 0x20ul, AddressKind.Return)]
    [InlineData(0, 0x10, 7u, 0x20ul, AddressKind.Return)]
    [InlineData(0, 0x10, 8u, 0x20ul, AddressKind.Return)]
    [InlineData(0, 0x10, 6u, 0x20ul, AddressKind.Exact)]
    [InlineData(0, 0x10, null, 0x20ul, AddressKind.Exact)]
    public void Position_signal_and_program_counter_decide(int index, ulong address, uint? signal, ulong? pc, AddressKind expected) =>
        Assert.Equal(expected, ReturnAddress.Decide(index, address, fromContext: false, signal, pc));

    [Fact]
    public void A_frame_from_a_register_context_is_exact_anywhere() =>
        Assert.Equal(AddressKind.Exact, ReturnAddress.Decide(3, 0x10, fromContext: true, null, null));

    [Theory]
    [InlineData(CpuFamily.X86, "eip")]
    [InlineData(CpuFamily.Amd64, "rip")]
    [InlineData(CpuFamily.Arm, "pc")]
    [InlineData(CpuFamily.Arm64, "pc")]
    [InlineData(CpuFamily.Ppc, "srr0")]
    [InlineData(CpuFamily.Ppc64, "srr0")]
    [InlineData(CpuFamily.Mips, "pc")]
    [InlineData(CpuFamily.Wasm32, null)]
    [InlineData(CpuFamily.Unknown, null)]
    public void The_program_counter_has_its_name(CpuFamily cpu, string? expected) =>
        Assert.Equal(expected, ReturnAddress.ProgramCounterName(cpu));
}
