using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Symbolicator.Service.Sources;

/// <summary>
/// Tells secrets apart without storing them: keyed with a random key of the cache directory, so that its files do not
/// allow to try out guesses elsewhere.
/// </summary>
internal sealed class SecretFingerprint(byte[] key)
{
    private const int KeyBytes = 32;
    private const int Bytes = 16;
    private const string FileName = "fingerprint.key";

    /// <summary>The key of a cache directory, made when there is none.</summary>
    public static SecretFingerprint Load(string directory)
    {
        string path = Path.Join(directory, FileName);
        byte[] key = new byte[KeyBytes];
        try
        {
            using var existing = File.OpenRead(path);
            if (existing.ReadAtLeast(key, KeyBytes, throwOnEndOfStream: false) == KeyBytes)
            {
                return new SecretFingerprint(key);
            }
        }
        catch (FileNotFoundException)
        {
            // The first start in this directory.
        }

        RandomNumberGenerator.Fill(key);
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(key);
        return new SecretFingerprint(key);
    }

    public string Of(IEnumerable<string> parts)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (string part in parts)
        {
            byte[] text = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
            hash.AppendData(length);
            hash.AppendData(text);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, Bytes));
    }
}
