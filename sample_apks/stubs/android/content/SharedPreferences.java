package android.content;

public interface SharedPreferences {
    boolean getBoolean(String key, boolean defValue);

    String getString(String key, String defValue);
}
