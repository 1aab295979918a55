using System.Buffers.Binary;
using System.Globalization;

namespace Symbolicator.TestKit;

/// <summary>
/// A temporary folder laid out as Microsoft's symbol servers are: images by timestamp and size, PDBs by GUID and age. The
/// ids are read at fixed places of the image, apart from our reader.
/// </summary>
public sealed class SymbolFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("symbolicator-test-");

    public string Path => _folder.FullName;

    /// <summary>Adds an image of the fixtures under its own name.</summary>
    public SymbolFolder AddImage(string fixture) => AddImage(fixture, System.IO.Path.GetFileName(fixture));

    /// <summary>Adds an image of the fixtures.</summary>
    public SymbolFolder AddImage(string fixture, string name)
    {
        byte[] image = Fixture.Bytes(fixture);
        return Add(name, CodeId(image), name, image);
    }

    /// <summary>Adds a file under the debug id that an image names and under a name, which may differ in its last letter (<c>.pd_</c>).</summary>
    public SymbolFolder AddDebugFile(string imageFixture, string fixture, string folder, string? name = null)
    {
        byte[] image = Fixture.Bytes(imageFixture);
        int record = image.AsSpan().IndexOf("RSDS"u8);
        var id = new Guid(image.AsSpan(record + 4, 16));
        uint age = BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(record + 20));
        return Add(folder, id.ToString("N").ToUpperInvariant() + age.ToString("x", CultureInfo.InvariantCulture), name ?? folder, Fixture.Bytes(fixture));
    }

    /// <summary>TimeDateStamp and SizeOfImage.</summary>
    public static string CodeId(ReadOnlySpan<byte> image)
    {
        int header = BinaryPrimitives.ReadInt32LittleEndian(image[0x3c..]);
        uint timestamp = BinaryPrimitives.ReadUInt32LittleEndian(image[(header + 8)..]);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(image[(header + 24 + 56)..]);
        return timestamp.ToString("X8", CultureInfo.InvariantCulture) + size.ToString("x", CultureInfo.InvariantCulture);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private SymbolFolder Add(string folder, string key, string name, byte[] content)
    {
        string path = System.IO.Path.Combine(Path, folder, key);
        Directory.CreateDirectory(path);
        File.WriteAllBytes(System.IO.Path.Combine(path, name), content);
        return this;
    }
}
