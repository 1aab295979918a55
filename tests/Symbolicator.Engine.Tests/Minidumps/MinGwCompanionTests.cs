using System.Buffers.Binary;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Minidumps;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Core;
using Symbolicator.TestKit;

namespace Symbolicator.Engine.Tests.Minidumps;

/// <summary>
/// A stripped program of MinGW: its CodeView record names no file, its <c>.gnu_debuglink</c> a companion with DWARF and
/// without code.
/// </summary>
public sealed class MinGwCompanionTests
{
    private const ulong Base = 0x40_0000;

    [Theory]
    [InlineData("x64", MinidumpBuilder.Amd64)]
    [InlineData("x86", MinidumpBuilder.X86)]
    public async Task The_companion_gives_names_and_the_program_unwinds(string cpu, ushort arch)
    {
        string program = $"windows/mingw-{cpu}-stripped.exe";
        using var symbols = new SymbolFolder().AddImage(program, "mingw.exe")
            .AddDebugFile(program, $"windows/mingw-{cpu}.debug", $"mingw-{cpu}.debug");

        var response = await Process(program, arch, symbols.Path);

        var module = Assert.Single(response.Modules);
        Assert.Equal((ModuleStatus.Found, (ModuleStatus?)ModuleStatus.Found), (module.DebugStatus, module.UnwindStatus));
        Assert.True(module.Features is { HasDebugInfo: true, HasUnwindInfo: true });
        Assert.Equal($"mingw-{cpu}.debug", module.DebugFile);
        var debug = Assert.Single(module.Candidates!, c => c.Debug is not null);
        Assert.EndsWith($"/mingw-{cpu}.debug", debug.Location, StringComparison.Ordinal);
        var unwind = Assert.Single(module.Candidates!, c => c.Unwind is not null);
        Assert.EndsWith("/mingw.exe", unwind.Location, StringComparison.Ordinal);
    }

    private static async Task<CompletedResponse> Process(string program, ushort arch, string folder)
    {
        byte[] image = Fixture.Bytes(program);
        int header = BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan(0x3c));
        uint entry = BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(header + 24 + 16));
        int record = image.AsSpan().IndexOf("RSDS"u8);
        var builder = new MinidumpBuilder();
        byte[] context = arch == MinidumpBuilder.X86 ? builder.X86Context((uint)(Base + entry), 0x10_0000) : builder.Amd64Context(Base + entry, 0x10_0000);
        byte[] dump = builder.System(arch, MinidumpBuilder.Windows)
            .Threads(new MinidumpBuilder.Thread(7, context, 0x10_0000, new byte[64]))
            .Modules(new MinidumpBuilder.Module(
                Base, BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(header + 24 + 56)), "mingw.exe",
                BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(header + 8)))
            { CodeView = image[record..(record + 25)] })
            .Build();
        var cpu = new InlineCpuScheduler();
        using var store = new FolderObjectStore(cpu, ParseLimits.Default);
        var job = new MinidumpJob
        {
            Sources = [new FolderSymbolSource("folder", folder, FolderSymbolSource.UsualLayouts)],
            DifCandidates = true,
        };
        using var bytes = new MemoryFileBytes(dump);
        return Assert.IsType<CompletedResponse>(await new MinidumpProcessor(cpu, store, static (_, _) => null)
            .ProcessAsync(bytes, job, TestContext.Current.CancellationToken));
    }
}
