using System.IO.Compression;
using System.Text;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Engine.Tests.Objects;

public sealed class FolderObjectStoreTests : IDisposable
{
    private const string Symbols = "MODULE Linux x86_64 3249D99D0C4049318610F4E4FB0B69360 app\nFUNC 1000 20 0 crash_here\n1000 20 42 0\n";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("symbolicator-test");
    private readonly FolderObjectStore _store = new(new InlineCpuScheduler(), ParseLimits.Default);

    public void Dispose()
    {
        _store.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Compressed_files_are_unpacked()
    {
        byte[] packed = Pack(Encoding.UTF8.GetBytes(Symbols));

        var stored = await FindAsync(packed);

        Assert.Equal(ObjectStatus.Found, stored.Status);
        Assert.Equal(FileFormat.Breakpad, stored.Identity?.Format);
        Assert.Equal(
            new LookupStep.Unpacked("gzip", packed.Length, Symbols.Length, null), Assert.Single(stored.Steps.OfType<LookupStep.Unpacked>()));
        using var lease = await _store.GetSymCacheAsync(stored, CancellationToken.None);
        Assert.Equal("crash_here", lease.Value!.GetFunctionName(Frame(lease.Value, 0x1000).FunctionId));
        Assert.Equal(Symbols.Length, Assert.Single(lease.Steps.OfType<LookupStep.Converted>()).BytesIn);
    }

    [Fact]
    public async Task Compressed_files_are_checked_for_their_id_too()
    {
        var stored = await FindAsync(Pack(Encoding.UTF8.GetBytes(Symbols.Replace("3249D99D", "4249D99D", StringComparison.Ordinal))));

        Assert.Equal(ObjectStatus.WrongFile, stored.Status);
        Assert.Contains("4249d99d-0c40-4931-8610-f4e4fb0b6936", stored.Detail, StringComparison.Ordinal);
        Assert.Null(stored.Identity);
    }

    [Fact]
    public async Task A_damaged_archive_is_malformed()
    {
        byte[] packed = Pack(Encoding.UTF8.GetBytes(Symbols));

        var stored = await FindAsync(packed[..^9]);

        Assert.Equal(ObjectStatus.Malformed, stored.Status);
        Assert.NotNull(Assert.Single(stored.Steps.OfType<LookupStep.Unpacked>()).Error);
    }

    [Fact]
    public async Task Archives_of_kinds_that_are_not_read_are_unsupported() =>
        Assert.Equal(
            ObjectStatus.Unsupported,
            (await FindAsync(new ByteBuilder() // CFHEADER of a cabinet that goes on in another one
                .Text("MSCF").U32(0).U32(64).U32(0).U32(44).U32(0).U8(3).U8(1).U16(1).U16(1).U16(2).U16(7).U16(0).Zeros(28).ToArray())).Status);

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("plain text, no debug file")]
    public async Task What_is_no_debug_file_is_malformed(string content) =>
        Assert.Contains((await FindAsync(Encoding.UTF8.GetBytes(content))).Status, new[] { ObjectStatus.Malformed, ObjectStatus.Unsupported });

    [Fact]
    public async Task Skipped_records_are_told()
    {
        var stored = await FindAsync(Encoding.UTF8.GetBytes(Symbols + "FUNC x 20 0 bad\n"));

        using var lease = await _store.GetSymCacheAsync(stored, CancellationToken.None);

        Assert.Equal((FileFormat.Breakpad, 1), Assert.Single(lease.Steps.OfType<LookupStep.Parsed>()) is var p ? (p.Format, p.FaultCount) : default);
    }

    private static SymCache.SourceFrame Frame(SymCache.SymCacheFile cache, ulong address)
    {
        foreach (var frame in cache.Lookup(address))
        {
            return frame;
        }

        throw new InvalidOperationException("no frame");
    }

    private Task<StoredObject> FindAsync(byte[] content)
    {
        var query = new ObjectQuery(
            ObjectType.Elf, FileType.Breakpad, null, "app", DebugId.Parse("3249d99d-0c40-4931-8610-f4e4fb0b6936"), "app");
        var source = new FolderSymbolSource("folder", _folder.FullName, [new LayoutConfig { Type = LayoutType.Native }]);
        var location = Assert.Single(source.Locate(query));
        Directory.CreateDirectory(Path.GetDirectoryName(source.LocalPath(location))!);
        File.WriteAllBytes(source.LocalPath(location), content);
        return _store.GetObjectAsync(source, location, query, null, CancellationToken.None);
    }

    private static byte[] Pack(byte[] content)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(content);
        }

        return packed.ToArray();
    }
}
